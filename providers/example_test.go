package providers_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log"
	"net/http"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/bitbucket"
	"github.com/gitfleet/gitfleet/providers/github"
	"github.com/gitfleet/gitfleet/providers/gitlab"
	"github.com/gitfleet/gitfleet/tokens"
)

// simulated returns a client for a GitHub in memory.
func simulated() (*providers.Client, *fleettest.GitHub) {
	secret := canary.Token("example")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{secret}, Organizations: acme})
	c, err := github.New(providers.Config{Base: sim, Token: tokens.Token{Label: "ci", Secret: tokens.Static(secret)}})
	if err != nil {
		log.Fatal(err)
	}
	return c, sim
}

var acme = []fleettest.Owner{{
	Login: "acme", Repositories: 250, Private: 3,
	Contents: fleettest.Contents{Branches: 7, Tags: 3, Commits: 120, Contributors: 4, PullRequests: 30, Issues: 12, Releases: 2, Files: 5},
}}

// All of them, or an error with those that were read before it.
func ExampleClient_FetchRepositories() {
	client, _ := simulated()
	repositories, err := client.FetchRepositories(context.Background(), "acme")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(repositories), repositories[0].FullName, repositories[0].Visibility)
	// Output: 250 acme/repo-0001 public
}

// A page is asked for when the loop gets there.
func ExampleClient_Repositories() {
	client, sim := simulated()
	for repository, err := range client.Repositories(context.Background(), "acme") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(repository.FullName)
		break
	}
	fmt.Println(sim.Stats().Requests, "requests: what acme is, and the first page")
	// Output:
	// acme/repo-0001
	// 2 requests: what acme is, and the first page
}

func ExampleClient_FetchRepository() {
	client, _ := simulated()
	repository, err := client.FetchRepository(context.Background(), "https://github.com/acme/repo-0250")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(repository.FullName, repository.Visibility, repository.DefaultBranch)
	// Output: acme/repo-0250 private main
}

func ExampleClient_FetchUser() {
	client, _ := simulated()
	user, err := client.FetchUser(context.Background(), "acme")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Login, user.Kind)
	// Output: acme organization
}

func ExampleClient_FetchCurrentUser() {
	client, _ := simulated()
	user, err := client.FetchCurrentUser(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Login, user.Kind)
	// Output: user-1 user
}

func ExampleClient_FetchOrganizations() {
	client, _ := simulated()
	organizations, err := client.FetchOrganizations(context.Background(), "") // those of the token's user
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(organizations[0].Login)
	// Output: acme
}

func ExampleClient_FetchBranches() {
	client, _ := simulated()
	branches, err := client.FetchBranches(context.Background(), "acme/repo-0001")
	if err != nil {
		log.Fatal(err)
	}
	for _, branch := range branches {
		if branch.Default != nil && *branch.Default {
			fmt.Println(len(branches), "branches, the default one is", branch.Name)
		}
	}
	// Output: 7 branches, the default one is main
}

func ExampleClient_FetchTags() {
	client, _ := simulated()
	tags, err := client.FetchTags(context.Background(), "acme/repo-0001")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(tags), tags[0].Name, len(tags[0].SHA))
	// Output: 3 v1.2.0 40
}

// A list that is bounded asks for no more than it needs.
func ExampleClient_FetchCommits() {
	client, _ := simulated()
	commits, err := client.FetchCommits(context.Background(), "acme/repo-0001", providers.Ref("main"), providers.Limit(20))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(commits), len(commits[0].Parents))
	// Output: 20 1
}

func ExampleClient_FetchContributors() {
	client, _ := simulated()
	contributors, err := client.FetchContributors(context.Background(), "acme/repo-0001")
	if err != nil {
		log.Fatal(err)
	}
	var commits int64
	for _, c := range contributors {
		commits += c.Commits
	}
	fmt.Println(len(contributors), "with", commits, "commits")
	// Output: 4 with 120 commits
}

func ExampleClient_FetchPullRequests() {
	client, _ := simulated()
	open, err := client.FetchPullRequests(context.Background(), "acme/repo-0001", providers.InState(providers.Open))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(open[0].State, "into", open[0].Base.Ref)
	// Output: open into main
}

func ExampleClient_FetchIssues() {
	client, _ := simulated()
	issues, err := client.FetchIssues(context.Background(), "acme/repo-0001")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(issues), "issues, and no pull request")
	// Output: 12 issues, and no pull request
}

func ExampleClient_FetchReleases() {
	client, _ := simulated()
	releases, err := client.FetchReleases(context.Background(), "acme/repo-0001", providers.Limit(1))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(releases[0].Tag, len(releases[0].Assets))
	// Output: v1.1.0 1
}

func ExampleClient_FetchContent() {
	client, _ := simulated()
	file, err := client.FetchContent(context.Background(), "acme/repo-0001", "README.md", providers.Ref("main"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.Path, int64(len(file.Data)) == file.SizeBytes)
	// Output: README.md true
}

func ExampleClient_FetchTree() {
	client, _ := simulated()
	entries, err := client.FetchTree(context.Background(), "acme/repo-0001", "", providers.Recursive())
	if err != nil {
		log.Fatal(err)
	}
	count := map[providers.EntryKind]int{}
	for _, e := range entries {
		count[e.Kind]++
	}
	fmt.Println(count[providers.File], "files")
	// Output: 5 files
}

func ExampleClient_FetchLanguages() {
	client, _ := simulated()
	languages, err := client.FetchLanguages(context.Background(), "acme/repo-0001")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the largest comes first:", languages[0].Share >= 0.5)
	// Output: the largest comes first: true
}

func ExampleClient_ValidateCredentials() {
	client, sim := simulated()
	sim.Revoke(canary.Token("example"))
	credentials, err := client.ValidateCredentials(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(credentials[0].Label, *credentials[0].Valid)
	// Output: ci false
}

func ExampleClient_FetchRateLimits() {
	client, _ := simulated()
	limits, err := client.FetchRateLimits(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range limits {
		if l.Resource == "core" && l.Remaining != nil { // nil is unknown
			fmt.Println(l.Label, *l.Remaining, "of", *l.Limit)
		}
	}
	// Output: ci 5000 of 5000
}

func ExampleClient_Supports() {
	client, _ := simulated()
	bb, err := bitbucket.New(providers.Config{Anonymous: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(client.Supports(providers.OpIssues), bb.Supports(providers.OpIssues))
	// Output: true false
}

// A request of one's own, with the tokens and the limits of the client.
func ExampleClient_Call() {
	client, _ := simulated()
	var created struct{ Number int }
	answer, err := client.Call(context.Background(), providers.Call{
		Method: http.MethodPost,
		Path:   "repos/acme/repo-0001/issues",
		Body:   map[string]string{"title": "Found by a program"},
		Out:    &created,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Status, created.Number > 0)
	// Output: 201 true
}

func ExampleClient_Pages() {
	client, _ := simulated()
	n := 0
	for page, err := range client.Pages(context.Background(), "orgs/acme/repos?per_page=100") {
		if err != nil {
			log.Fatal(err)
		}
		if n++; len(page) == 0 {
			fmt.Println("page", n, "is empty")
		}
	}
	fmt.Println(n, "pages")
	// Output: 3 pages
}

func ExampleClient_GraphQL() {
	client, _ := simulated()
	var data struct{ Viewer struct{ Login string } }
	if err := client.GraphQL(context.Background(), "query { viewer { login } }", nil, &data); err != nil {
		log.Fatal(err)
	}
	fmt.Println(data.Viewer.Login)
	// Output: user-1
}

// An error is of one kind, and says what of whom it is about.
func ExampleError() {
	client, _ := simulated()
	_, err := client.FetchRepository(context.Background(), "acme/none")
	var e *providers.Error
	if errors.As(err, &e) {
		fmt.Println(e.Op, "of", e.Target+":", e.Status, errors.Is(err, providers.ErrNotFound), e.Temporary())
	}
	// Output: fetch repository of acme/none: 404 true false
}

// An error ends the list of its own host only.
func ExampleAcross() {
	client, _ := simulated()
	nobody := fleettest.NewGitLab(fleettest.Config{})
	lab, err := gitlab.New(providers.Config{Base: nobody, Token: tokens.Token{Secret: tokens.Static(canary.Token("lab"))}})
	if err != nil {
		log.Fatal(err)
	}
	list := func(ctx context.Context, c *providers.Client) iter.Seq2[providers.Repository, error] {
		return c.Repositories(ctx, "acme")
	}
	n := 0
	for _, err := range providers.Across(context.Background(), []*providers.Client{client, lab}, list) {
		var e *providers.Error
		if errors.As(err, &e) {
			fmt.Println(e.Provider, e.Kind)
			continue
		}
		n++
	}
	fmt.Println(n, "repositories")
	// Output:
	// gitlab unauthorized
	// 250 repositories
}

func ExampleParseRemote() {
	remote, err := providers.ParseRemote("git@gitlab.com:group/sub/project.js.git")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(remote.Host, remote.Name.Owner, remote.Name.Name)
	// Output: gitlab.com group/sub project.js
}
