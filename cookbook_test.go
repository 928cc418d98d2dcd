package gitfleet_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/bitbucket"
	"github.com/gitfleet/gitfleet/providers/github"
	"github.com/gitfleet/gitfleet/providers/gitlab"
	"github.com/gitfleet/gitfleet/tabular"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/tokens/githubapp"
	"github.com/gitfleet/gitfleet/transport"
)

// cookbook returns what the recipes of docs/cookbook.md begin with: a fleet of a
// token for each of three hosts in memory.
func cookbook() (*gitfleet.Fleet, three) {
	config := func(name string) fleettest.Config {
		return fleettest.Config{
			Tokens: []string{canary.Token(name)},
			Organizations: []fleettest.Owner{{
				Login: "acme", Repositories: 3,
				Contents: fleettest.Contents{Branches: 4, Commits: 20, PullRequests: 20, Issues: 5, Files: 2},
			}},
		}
	}
	hosts := three{fleettest.NewGitHub(config("gh")), fleettest.NewGitLab(config("gl")), fleettest.NewBitbucket(config("bb"))}
	manager, err := tokens.NewManager(tokens.Config{Base: hosts},
		tokens.Token{Provider: tokens.GitHub, Label: "gh", Secret: tokens.Static(canary.Token("gh"))},
		tokens.Token{Provider: tokens.GitLab, Label: "gl", Secret: tokens.Static(canary.Token("gl"))},
		tokens.Token{Provider: tokens.Bitbucket, Label: "bb", Secret: tokens.Static(canary.Token("bb"))})
	if err != nil {
		log.Fatal(err)
	}
	fleet, err := gitfleet.New(gitfleet.Config{Manager: manager, Base: hosts})
	if err != nil {
		log.Fatal(err)
	}
	return fleet, hosts
}

// The clients of the guides, with a token each and without a fleet.
func Example_clients() {
	secret := canary.Token("guide")

	gh, err := github.New(providers.Config{Token: tokens.Token{Secret: tokens.Static(secret)}})
	if err != nil {
		log.Fatal(err)
	}
	gl, err := gitlab.New(providers.Config{Token: tokens.Token{Secret: tokens.Static(secret)}})
	if err != nil {
		log.Fatal(err)
	}
	own, err := gitlab.New(providers.Config{
		Token: tokens.Token{Host: "https://git.example.com/gitlab", Secret: tokens.Static(secret)},
		Host:  "https://git.example.com/gitlab",
	})
	if err != nil {
		log.Fatal(err)
	}
	bb, err := bitbucket.New(providers.Config{
		Token: tokens.Token{User: "ada@example.com", Secret: tokens.Static(secret)},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(gh, gl, own, bb)
	// Output: https://api.github.com https://gitlab.com https://git.example.com/gitlab https://api.bitbucket.org
}

// Each installation of a GitHub App is a token.
func Example_installations() {
	ctx := context.Background()
	pemKey, err := os.ReadFile("app.pem")
	if err != nil {
		log.Fatal(err)
	}
	manager, err := tokens.NewManager(tokens.Config{})
	if err != nil {
		log.Fatal(err)
	}

	app, err := githubapp.New(12345, pemKey, githubapp.Options{})
	if err != nil {
		log.Fatal(err)
	}
	syncer, err := manager.Sync(ctx, app, tokens.SyncConfig{}) // a token for each installation, now and later
	if err != nil {
		log.Fatal(err)
	}
	defer syncer.Close()
}

// What is in a list is asked for while the list is being read.
func Example_branches() {
	ctx := context.Background()
	fleet, _ := cookbook()
	defer fleet.Close()

	gh := fleet.GitHub()
	branches := map[string]int{}
	for repository, err := range gh.Repositories(ctx, "acme") {
		if err != nil {
			log.Fatal(err)
		}
		list, err := gh.FetchBranches(ctx, repository.FullName)
		if err != nil {
			log.Fatal(err)
		}
		branches[repository.FullName] = len(list)
	}
	fmt.Println(len(branches), "repositories,", branches["acme/repo-0001"], "branches in the first")
	// Output:
	// 3 repositories, 4 branches in the first
}

// With the latest update first a list ends where the older ones begin.
func Example_changed() {
	ctx := context.Background()
	fleet, _ := cookbook()
	defer fleet.Close()
	gh := fleet.GitHub()

	yesterday := time.Now().Add(-24 * time.Hour)
	latest := []providers.Option{providers.Since(yesterday), providers.SortBy(providers.ByUpdated, false)}
	for repository, err := range gh.Repositories(ctx, "acme", latest...) {
		if err != nil {
			log.Fatal(err)
		}
		pulls, err := gh.FetchPullRequests(ctx, repository.FullName, latest...)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(repository.FullName, repository.UpdatedAt, len(pulls))
	}
}

// Workers share a client.
func Example_oneFile() {
	ctx := context.Background()
	fleet, _ := cookbook()
	defer fleet.Close()
	names := []string{"acme/repo-0001", "acme/repo-0002", "acme/repo-0003", "acme/repo-9999"}

	files := readAll(ctx, fleet.GitHub(), names, "README.md")
	fmt.Println(len(files), "of", len(names), "have the file")
	// Output:
	// 3 of 4 have the file
}

// readAll reads a file of each repository that has it, 16 at a time.
func readAll(ctx context.Context, c *providers.Client, names []string, path string) map[string][]byte {
	var (
		mu    sync.Mutex
		files = map[string][]byte{}
		work  = make(chan string)
		all   sync.WaitGroup
	)
	for range 16 {
		all.Go(func() {
			for name := range work {
				file, err := c.FetchContent(ctx, name, path)
				switch {
				case errors.Is(err, providers.ErrNotFound):
				case err != nil:
					log.Println(err) // it names the repository
				default:
					mu.Lock()
					files[name] = file.Data
					mu.Unlock()
				}
			}
		})
	}
	for _, name := range names {
		work <- name
	}
	close(work)
	all.Wait()
	return files
}

// A list is walked at every host at once.
func Example_openPullRequests() {
	ctx := context.Background()
	fleet, _ := cookbook()
	defer fleet.Close()
	open := map[tokens.ProviderType][]string{}

	list := func(ctx context.Context, c *providers.Client) iter.Seq2[providers.PullRequest, error] {
		return c.PullRequests(ctx, "acme/repo-0001", providers.InState(providers.Open))
	}
	for pr, err := range providers.Across(ctx, fleet.Clients(), list) {
		if err != nil {
			log.Println(err) // gitfleet: gitlab: fetch pull requests of …
			continue
		}
		open[pr.Provider] = append(open[pr.Provider], pr.Title)
	}
	fmt.Println(len(open), "hosts have open pull requests")
	// Output:
	// 3 hosts have open pull requests
}

// No owner means the account of the token.
func Example_own() {
	ctx := context.Background()
	fleet, _ := cookbook()
	defer fleet.Close()

	mine, err := fleet.GitHub().FetchRepositories(ctx, "")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(mine), "repositories")
	// Output:
	// 0 repositories
}

// Records are written as they come.
func Example_writeCSV() {
	ctx := context.Background()
	fleet, _ := cookbook()
	defer fleet.Close()

	out, err := tabular.NewWriter(os.Stdout, tabular.CSV, tabular.Options{
		Fields: []string{"provider", "full_name", "owner.login", "default_branch"},
	})
	if err != nil {
		log.Fatal(err)
	}
	for repository, err := range fleet.GitLab().Repositories(ctx, "acme") {
		if err != nil {
			log.Fatal(err)
		}
		if err := out.Write(repository); err != nil {
			log.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// provider,full_name,owner.login,default_branch
	// gitlab,acme/repo-0001,acme,main
	// gitlab,acme/repo-0002,acme,main
	// gitlab,acme/repo-0003,acme,main
}

// The address of the page that failed is all that has to be kept.
func Example_resume() {
	ctx := context.Background()
	fleet, _ := cookbook()
	defer fleet.Close()
	keep := func(string) {}

	var names []string
	next := "orgs/acme/repos?per_page=2" // or what was kept
	for next != "" {
		var page []struct {
			FullName string `json:"full_name"`
		}
		answer, err := fleet.GitHub().Call(ctx, providers.Call{Path: next, Out: &page})
		if err != nil {
			keep(next) // this page is the first that is missing
			log.Fatal(err)
		}
		for _, row := range page {
			names = append(names, row.FullName)
		}
		next = answer.Next
	}
	fmt.Println(names)
	// Output:
	// [acme/repo-0001 acme/repo-0002 acme/repo-0003]
}

// What is temporary may succeed later.
func Example_again() {
	ctx := context.Background()
	fleet, hosts := cookbook()
	defer fleet.Close()
	gh := fleet.GitHub()
	hosts.github.Inject(fleettest.Fault{Status: http.StatusBadGateway})

	repository, err := gh.FetchRepository(ctx, "acme/repo-0001")
	for tries := 1; tries < 3; tries++ {
		var failed *providers.Error
		if !errors.As(err, &failed) || !failed.Temporary() {
			break
		}
		select {
		case <-time.After(time.Until(failed.RetryAt())):
		case <-ctx.Done():
		}
		repository, err = gh.FetchRepository(ctx, "acme/repo-0001")
	}
	fmt.Println(repository.FullName, err)
	// Output:
	// acme/repo-0001 <nil>
}

// The hosts are asked about each token.
func Example_whose() {
	ctx := context.Background()
	fleet, hosts := cookbook()
	defer fleet.Close()
	hosts.gitlab.Revoke(canary.Token("gl"))

	for _, client := range fleet.Clients() {
		credentials, err := client.ValidateCredentials(ctx)
		if err != nil {
			log.Println(err) // of those that could not be asked about
		}
		for _, c := range credentials {
			fmt.Println(c.Provider, c.Label, c.Valid != nil && *c.Valid, c.Login, c.Scopes)
		}
	}
	// Output:
	// github gh true user-1 [read:org repo user]
	// gitlab gl false  []
	// bitbucket bb true user-1 []
}

// A wait that would be too long is not begun.
func Example_deadline() {
	ctx := context.Background()
	fleet, hosts := cookbook()
	defer fleet.Close()
	hosts.github.SetRemaining(canary.Token("gh"), "core", 0)

	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	_, err := fleet.GitHub().FetchRepositories(ctx, "acme")
	var failed *providers.Error
	switch {
	case errors.Is(err, providers.ErrRateLimited) && errors.As(err, &failed):
		fmt.Println("come again in", time.Until(failed.RetryAt()).Round(time.Hour))
	case errors.Is(err, providers.ErrTimeout):
		fmt.Println("the host was too slow")
	}
	// Output:
	// come again in 1h0m0s
}

// Commits are the next best where contributors are not listed.
func Example_fallback() {
	ctx := context.Background()
	fleet, _ := cookbook()
	defer fleet.Close()
	client := fleet.Bitbucket()

	authors := map[string]bool{}
	contributors, err := client.FetchContributors(ctx, "acme/repo-0001")
	switch {
	case errors.Is(err, providers.ErrUnsupported), errors.Is(err, providers.ErrTooLarge):
		for commit, err := range client.Commits(ctx, "acme/repo-0001", providers.Limit(1000)) {
			if err != nil {
				log.Fatal(err)
			}
			authors[commit.Author.Email] = true
		}
	case err != nil:
		log.Fatal(err)
	}
	for _, c := range contributors {
		authors[c.Email] = true
	}
	fmt.Println(client.Supports(providers.OpContributors), len(authors) > 0)
	// Output:
	// false true
}

// A context fixes the token.
func Example_oneAuthor() {
	ctx := context.Background()
	fleet, hosts := cookbook()
	defer fleet.Close()

	bot := fleet.Manager().AllTokens(tokens.GitHub)[0]
	ctx = transport.WithToken(ctx, bot.ID)
	answer, err := fleet.GitHub().Call(ctx, providers.Call{
		Method: http.MethodPost,
		Path:   "repos/acme/repo-0001/issues",
		Body:   map[string]string{"title": "Found by a program"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Status, hosts.github.Issues()[0].Account)
	// Output:
	// 201 user-1
}

// A token says which host it is for.
func Example_ownHost() {
	secret := canary.Token("own")

	manager, err := tokens.NewManager(tokens.Config{}, tokens.Token{
		Provider: tokens.GitLab,
		Host:     "https://git.example.com/gitlab",
		Secret:   tokens.Static(secret),
	})
	if err != nil {
		log.Fatal(err)
	}
	own, err := gitfleet.New(gitfleet.Config{Manager: manager, Anonymous: true})
	if err != nil {
		log.Fatal(err)
	}
	defer own.Close()
	inside := own.GitLabAt("https://git.example.com/gitlab")
	public := own.GitHub() // 60 calls an hour for the address
	fmt.Println(inside, public)
	// Output:
	// https://git.example.com/gitlab https://api.github.com
}

// A simulated host takes the place of the real one.
func Example_test() {
	ctx := context.Background()
	secret := canary.Token("test")

	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{secret},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 250}},
	})
	sim.Inject(fleettest.Fault{ // the second page fails
		Match:  fleettest.Requests("GET", "/organizations/{id}/repos"),
		Status: http.StatusServiceUnavailable,
	})
	gh, err := github.New(providers.Config{
		Base:  sim,
		Token: tokens.Token{Label: "test", Secret: tokens.Static(secret)},
	})
	if err != nil {
		log.Fatal(err)
	}
	repositories, err := gh.FetchRepositories(ctx, "acme", providers.Concurrency(1))
	fmt.Println(len(repositories), errors.Is(err, providers.ErrUnavailable), sim.Stats().Requests)
	// Output:
	// 100 true 3
}
