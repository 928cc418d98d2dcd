//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package fleettest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/ktrysmt/go-bitbucket"
	"github.com/xanzy/go-gitlab"
)

// unlimited keeps go-gitlab from pacing its calls itself.
type unlimited struct{}

func (unlimited) Wait(context.Context) error { return nil }

func ExampleNewGitLab() {
	sim := fleettest.NewGitLab(fleettest.Config{
		Tokens:        []string{"a"},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1000}, {Login: "acme/platform", Repositories: 200}},
	})
	lab, err := gitlab.NewClient("a", gitlab.WithHTTPClient(&http.Client{Transport: sim}),
		gitlab.WithCustomLimiter(unlimited{}), gitlab.WithoutRetries())
	if err != nil {
		fmt.Println(err)
		return
	}
	projects, resp, err := lab.Groups.ListGroupProjects("acme", &gitlab.ListGroupProjectsOptions{IncludeSubGroups: gitlab.Ptr(true)})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(projects), projects[0].PathWithNamespace, "page", resp.CurrentPage, "of", resp.TotalPages)
	fmt.Println(resp.Header.Get("RateLimit-Remaining"), "of", resp.Header.Get("RateLimit-Limit"), "a minute remain")
	// Output:
	// 20 acme/platform/repo-0200 page 1 of 60
	// 1999 of 2000 a minute remain
}

func ExampleNewBitbucket() {
	sim := fleettest.NewBitbucket(fleettest.Config{
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 450}},
	})
	bucket, err := bitbucket.NewOAuthbearerToken("")
	if err != nil {
		fmt.Println(err)
		return
	}
	bucket.HttpClient = &http.Client{Transport: sim}
	bucket.Pagelen = 100
	repos, err := bucket.Repositories.ListForAccount(&bitbucket.RepositoriesOptions{Owner: "acme"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(repos.Items), repos.Items[0].Full_name, "in", sim.Stats().Requests, "requests")
	// Output: 450 acme/repo-0001 in 5 requests
}

func ExampleGitLabTooManyRequests() {
	sim := fleettest.NewGitLab(fleettest.Config{Tokens: []string{"a"}})
	sim.Inject(fleettest.GitLabTooManyRequests(24 * time.Hour))

	req, _ := http.NewRequest(http.MethodGet, "https://gitlab.com/api/v4/projects", nil)
	req.Header.Set("PRIVATE-TOKEN", "a")
	resp, err := sim.RoundTrip(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body))
	fmt.Println("Retry-After", resp.Header.Get("Retry-After"), "though", resp.Header.Get("RateLimit-Remaining"), "remain")
	// Output:
	// 429 {"message":{"error":"This endpoint has been requested too many times. Try again later."}}
	// Retry-After 86400 though 1999 remain
}
