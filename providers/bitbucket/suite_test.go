package bitbucket_test

import (
	"encoding/json"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/bitbucket"
	"github.com/gitfleet/gitfleet/providers/providertest"
	"github.com/gitfleet/gitfleet/tokens"
	gobitbucket "github.com/ktrysmt/go-bitbucket"
)

func TestDriver_passes_the_suite_of_all_drivers(t *testing.T) {
	t.Parallel()
	providertest.Run(t, func(t testing.TB, o providertest.Options) providertest.Harness {
		sim := fleettest.NewBitbucket(fleettest.Config{
			Tokens: []string{tokenA},
			Organizations: []fleettest.Owner{{Login: "acme", Repositories: o.Repositories, Contents: fleettest.Contents{
				Branches: 5, Tags: 5, Commits: 9, PullRequests: 12, Files: 5,
			}}},
		})
		m, err := tokens.NewManager(tokens.Config{Base: sim},
			tokens.Token{Provider: tokens.Bitbucket, Label: "ci", Secret: tokens.Static(tokenA)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = m.Close() })
		c, err := bitbucket.New(providers.Config{Manager: m, MaxAnswer: o.MaxAnswer, Base: o.Wrap(sim)})
		if err != nil {
			t.Fatal(err)
		}
		var me providers.User
		if me, err = c.FetchCurrentUser(t.Context()); err != nil {
			t.Fatal(err)
		}
		h := providertest.Harness{
			Client: c, Owner: "acme", Organization: "acme", User: me.ID, File: "README.md",
			Call: "user", Pages: "repositories/acme?pagelen=3",
			Exhaust:      func() { sim.SetRemaining(tokenA, api, 0) },
			Native:       map[providers.Op]any{},
			NativeClient: (*gobitbucket.Client)(nil),
			NativeError:  (*gobitbucket.UnexpectedResponseStatusError)(nil),
		}
		for _, op := range []providers.Op{
			providers.OpRepositories, providers.OpRepository, providers.OpUser, providers.OpCurrentUser,
			providers.OpOrganizations, providers.OpOrganization, providers.OpBranches, providers.OpTags,
			providers.OpCommits, providers.OpPullRequests, providers.OpTree,
		} {
			h.Native[op] = json.RawMessage(nil)
		}
		if o.Repositories > 0 {
			h.Repository = "acme/repo-0001"
		}
		return h
	})
}
