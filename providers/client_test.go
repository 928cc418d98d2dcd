package providers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestClient_what_a_driver_has_not_is_unsupported_and_nothing_is_asked(t *testing.T) {
	t.Parallel()
	f := &fake{}
	c := f.client()
	for op, call := range map[providers.Op]func() error{
		providers.OpContributors: func() error { _, err := c.FetchContributors(t.Context(), "a/b"); return err },
		providers.OpReleases:     func() error { _, err := c.FetchReleases(t.Context(), "a/b"); return err },
		providers.OpLanguages:    func() error { _, err := c.FetchLanguages(t.Context(), "a/b"); return err },
		providers.OpGraphQL:      func() error { return c.GraphQL(t.Context(), "query { x }", nil, nil) },
	} {
		err := call()
		var e *providers.Error
		if !errors.Is(err, providers.ErrUnsupported) || !errors.As(err, &e) || e.Op != op {
			t.Errorf("%s: %v", op, err)
		}
		if c.Supports(op) {
			t.Errorf("Supports(%q) is true", op)
		}
	}
	for _, op := range []providers.Op{providers.OpRepositories, providers.OpIssues, providers.OpCall, providers.OpTree} {
		if !c.Supports(op) {
			t.Errorf("Supports(%q) is false", op)
		}
	}
	if c.Supports("make coffee") {
		t.Error("there is no such operation, and it is supported")
	}
	if f.asked() != 0 {
		t.Errorf("the driver was asked %d times", f.asked())
	}
}

func TestClient_says_what_it_is_for(t *testing.T) {
	t.Parallel()
	f := &fake{}
	c := f.client()
	if c.Provider() != tokens.GitHub || c.Host() != fakeHost || fmt.Sprint(c) != fakeHost {
		t.Errorf("%v at %v", c.Provider(), c)
	}
	var native *fake
	if !c.As(&native) || native != f || c.As(new(int)) {
		t.Error("As does not reach the driver's library")
	}
}

func TestPages_follow_the_next_links_of_any_list(t *testing.T) {
	t.Parallel()
	f := &caller{}
	var got []string
	for page, err := range providers.NewClient(f, nil).Pages(t.Context(), "list") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(page))
	}
	if fmt.Sprint(got) != `["list" "list?page=2" "list?page=3"]` {
		t.Errorf("%v", got)
	}
}

// caller is a host that answers any call with its path, over three pages.
type caller struct{ fake }

func (c *caller) Call(_ context.Context, call providers.Call) (providers.Answer, error) {
	*call.Out.(*json.RawMessage) = json.RawMessage(`"` + call.Path + `"`)
	next := map[string]string{"list": "list?page=2", "list?page=2": "list?page=3"}
	return providers.Answer{Next: next[call.Path]}, nil
}

func TestConfig_opens_what_it_describes(t *testing.T) {
	t.Parallel()
	secret := tokens.Static(canary.Token("config"))
	if _, _, err := (providers.Config{}).Open(tokens.GitHub); err == nil {
		t.Error("a Config without tokens is taken")
	}
	rt, m, err := providers.Config{Token: tokens.Token{Secret: secret}, Host: "https://git.example.com"}.Open(tokens.GitLab)
	if err != nil || rt == nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	if all := m.AllTokens(tokens.GitLab); len(all) != 1 || all[0].Host != "https://git.example.com" {
		t.Errorf("the manager has %+v", all)
	}
	// A manager that may hold the token already.
	_, again, err := providers.Config{Manager: m, Token: tokens.Token{Secret: secret}, Host: "https://git.example.com"}.Open(tokens.GitLab)
	if err != nil || again != m || len(m.AllTokens(tokens.GitLab)) != 1 {
		t.Errorf("%v; the manager has %+v", err, m.AllTokens(tokens.GitLab))
	}
	if _, m, err := (providers.Config{Anonymous: true}).Open(tokens.GitHub); err != nil || m == nil {
		t.Errorf("anonymous: %v", err)
	}
}
