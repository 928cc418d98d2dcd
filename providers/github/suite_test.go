package github_test

import (
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/github"
	"github.com/gitfleet/gitfleet/providers/providertest"
	"github.com/gitfleet/gitfleet/tokens"
	gogithub "github.com/google/go-github/v66/github"
)

func TestDriver_passes_the_suite_of_all_drivers(t *testing.T) {
	t.Parallel()
	providertest.Run(t, func(t testing.TB, o providertest.Options) providertest.Harness {
		contents := fleettest.Contents{Branches: 5, Tags: 5, Commits: 9, Contributors: 5, PullRequests: 7, Issues: 7, Releases: 5, Files: 5}
		sim := fleettest.NewGitHub(fleettest.Config{
			Tokens:        []string{tokenA},
			Organizations: []fleettest.Owner{{Login: "acme", Repositories: o.Repositories, Contents: contents}, {Login: "b-org"}, {Login: "c-org"}},
		})
		m, err := tokens.NewManager(tokens.Config{Base: sim},
			tokens.Token{Provider: tokens.GitHub, Label: "a", Secret: tokens.Static(tokenA)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = m.Close() })
		c, err := github.New(providers.Config{Manager: m, MaxAnswer: o.MaxAnswer, Base: o.Wrap(sim)})
		if err != nil {
			t.Fatal(err)
		}
		h := providertest.Harness{
			Client: c, Owner: "acme", Organization: "acme", User: "user-1", File: "README.md",
			Call: "user", Pages: "orgs/acme/repos?per_page=3",
			Exhaust: func() { sim.SetRemaining(tokenA, "core", 0) },
			Native: map[providers.Op]any{
				providers.OpRepositories: (*gogithub.Repository)(nil), providers.OpRepository: (*gogithub.Repository)(nil),
				providers.OpUser: (*gogithub.User)(nil), providers.OpCurrentUser: (*gogithub.User)(nil),
				providers.OpOrganizations: (*gogithub.Organization)(nil), providers.OpOrganization: (*gogithub.Organization)(nil),
				providers.OpBranches: (*gogithub.Branch)(nil), providers.OpTags: (*gogithub.RepositoryTag)(nil),
				providers.OpCommits: (*gogithub.RepositoryCommit)(nil), providers.OpContributors: (*gogithub.Contributor)(nil),
				providers.OpPullRequests: (*gogithub.PullRequest)(nil), providers.OpIssues: (*gogithub.Issue)(nil),
				providers.OpReleases: (*gogithub.RepositoryRelease)(nil), providers.OpContent: (*gogithub.RepositoryContent)(nil),
				providers.OpTree: (*gogithub.TreeEntry)(nil),
			},
			NativeClient: (*gogithub.Client)(nil),
			NativeError:  (*gogithub.ErrorResponse)(nil),
		}
		if o.Repositories > 0 {
			h.Repository = "acme/repo-0001"
		}
		return h
	})
}
