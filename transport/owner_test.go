package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-github/v66/github"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// seeing returns a GitHub token that sees these owners.
func seeing(name string, owners ...string) tokens.Token {
	return tokens.Token{Provider: tokens.GitHub, Label: name, Secret: tokens.Static(canary.Token(name)), Owners: owners}
}

// twoInstallations is a GitHub where an app is installed for two owners, whose
// repositories are all private.
func twoInstallations() *fleettest.GitHub {
	return fleettest.NewGitHub(fleettest.Config{
		Accounts: []fleettest.Account{
			{Login: "at-acme", Tokens: []string{canary.Token("a")}, Owners: []string{"acme"}, Installation: true},
			{Login: "at-beta", Tokens: []string{canary.Token("b")}, Owners: []string{"beta"}, Installation: true},
		},
		Organizations: []fleettest.Owner{
			{Login: "acme", Repositories: 50, Private: 50},
			{Login: "beta", Repositories: 50, Private: 50},
		},
	})
}

// pages lists an organization's repositories page by page and returns how many
// there are.
func pages(ctx context.Context, gh *github.Client, org string, perPage int) (n int, err error) {
	opt := &github.RepositoryListByOrgOptions{ListOptions: github.ListOptions{PerPage: perPage}}
	for {
		repos, resp, err := gh.Repositories.ListByOrg(ctx, org, opt)
		if err != nil {
			return n, err
		}
		n += len(repos)
		if resp.NextPage == 0 {
			return n, nil
		}
		opt.Page = resp.NextPage
	}
}

func TestOwners_two_installations_never_see_each_others_requests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := twoInstallations()
		m := managerOf(t, seeing("a", "Acme"), seeing("b", "beta"))
		gh := github.NewClient(&http.Client{Transport: over(sim, m)})
		done := make(chan error)
		for i := range 20 {
			go func() {
				org := []string{"acme", "BETA"}[i%2]
				n, err := pages(t.Context(), gh, org, 10)
				if err == nil && n != 50 {
					err = fmt.Errorf("%d repositories, want 50", n)
				}
				if err == nil {
					_, _, err = gh.Repositories.Get(t.Context(), org, "repo-0007")
				}
				done <- err
			}()
		}
		for range 20 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		for _, r := range sim.Requests() {
			if about := strings.Contains(strings.ToLower(r.URL), "acme"); about != (r.Account == "at-acme") || r.Status != 200 {
				t.Errorf("%s went out as %s: %d", r.URL, r.Account, r.Status)
			}
		}
	})
}

func TestOwners_next_links_and_redirects_by_id_go_to_who_can_see_it(t *testing.T) {
	t.Parallel()
	sim := twoInstallations()
	client := &http.Client{Transport: over(sim, managerOf(t, seeing("b", "beta"), seeing("a", "acme")))}
	next := "https://api.github.com/orgs/acme/repos?per_page=7"
	total := 0
	for n := 0; next != ""; n++ {
		resp, err := client.Get(next)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 && !strings.Contains(next, "/organizations/") {
			t.Fatalf("the host links to %s, want an id", next)
		}
		total += strings.Count(text(t, resp), `"full_name"`)
		next = ""
		for link := range strings.SplitSeq(resp.Header.Get("Link"), ",") {
			if strings.Contains(link, `rel="next"`) {
				next = link[strings.Index(link, "<")+1 : strings.Index(link, ">")]
			}
		}
	}
	if total != 50 {
		t.Errorf("%d repositories, want 50", total)
	}
	for _, r := range sim.Requests() {
		if r.Account != "at-acme" {
			t.Errorf("%s went out as %s", r.URL, r.Account)
		}
	}

	// A renamed repository: the redirect names it by id, and so may what follows.
	w := &wire{answer: func(s sent) (*http.Response, error) {
		if s.URL == "https://api.github.com/repos/acme/old" {
			return reply(301, "", "Location", "/repositories/17")(), nil
		}
		return ok()(), nil
	}}
	client = &http.Client{Transport: over(w, managerOf(t, seeing("b", "beta"), seeing("a", "acme")))}
	for _, address := range []string{"/repos/acme/old", "/repositories/17/issues", "/repos/beta/web", "/repositories/17"} {
		resp, err := client.Get("https://api.github.com" + address)
		if err != nil {
			t.Fatal(err)
		}
		text(t, resp)
	}
	if got := w.tokens(); got != "a a a b a" {
		t.Errorf("sent with %s, want a, a behind the redirect, a, b, a", got)
	}
}

func TestWithOwner_says_what_the_path_does_not(t *testing.T) {
	t.Parallel()
	w := script(ok())
	tr := over(w, managerOf(t, seeing("a", "acme"), seeing("b", "beta")))
	ctx := transport.WithOwner(t.Context(), "beta")
	for _, ctx := range []context.Context{ctx, ctx, transport.WithOwner(ctx, "ACME"), transport.WithMaxAttempts(ctx, 3)} {
		send(t, tr, request(t, "POST", "https://api.github.com/graphql", `{"query":"{a}"}`).WithContext(ctx))
	}
	send(t, tr, request(t, "GET", "https://api.github.com/repos/acme/web", "").WithContext(ctx))
	send(t, tr, request(t, "GET", "https://api.github.com/repos/acme/web", "").WithContext(transport.WithOwner(ctx, "")))
	if got := w.tokens(); got != "b b a b b a" {
		t.Errorf("sent with %s, want b b a b b a", got)
	}
}

func TestWithWalk_sends_the_pages_with_one_token_until_it_is_spent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{
			Tokens:        []string{canary.Token("a"), canary.Token("b"), canary.Token("c")},
			Limit:         8,
			Organizations: []fleettest.Owner{{Login: "acme", Repositories: 12}},
		})
		gh := github.NewClient(&http.Client{Transport: over(sim, manager(t, "a", "b", "c"))})
		if _, err := pages(t.Context(), gh, "acme", 4); err != nil {
			t.Fatal(err)
		}
		ctx := transport.WithWalk(t.Context())
		if transport.WithWalk(ctx) != ctx {
			t.Error("a walk within a walk is another")
		}
		if n, err := pages(ctx, gh, "acme", 1); err != nil || n != 12 {
			t.Fatalf("%d repositories, %v, want 12", n, err)
		}
		var walk []int
		for _, r := range sim.Requests()[3:] {
			walk = append(walk, r.Token)
		}
		first, rest := walk[:7], walk[7:]
		if slices.Min(first) != slices.Max(first) || slices.Min(rest) != slices.Max(rest) || first[0] == rest[0] {
			t.Errorf("the pages went out with the tokens %v, want seven with one and the rest with one other", walk)
		}
	})
}

func TestIdentity_pages_about_the_user_stay_with_one_account_and_wait_for_it(t *testing.T) {
	t.Parallel()
	for address, p := range map[string]tokens.ProviderType{
		"https://api.github.com/user/repos?page=":                   tokens.GitHub,
		"https://gitlab.com/api/v4/projects?membership=true&page=":  tokens.GitLab,
		"https://api.bitbucket.org/2.0/workspaces?role=owner&page=": tokens.Bitbucket,
	} {
		synctest.Test(t, func(t *testing.T) {
			reset := time.Now().Add(20 * time.Minute)
			calls := 0
			w := &wire{answer: func(s sent) (*http.Response, error) {
				if calls++; calls == 4 {
					return reply(429, "Retry later\n", "Retry-After", "1200", "RateLimit-Limit", "3",
						"RateLimit-Remaining", "0", "RateLimit-Reset", fmt.Sprint(reset.Unix()), "RateLimit-Name", "throttle_authenticated_api")(), nil
				}
				return ok()(), nil
			}}
			var ts []tokens.Token
			for _, name := range []string{"a", "b", "c"} {
				ts = append(ts, tokens.Token{Provider: p, Label: name, Secret: tokens.Static(canary.Token(name))})
			}
			m := managerOf(t, ts...)
			tr := over(w, m)
			tr.Provider = p
			for page := range 6 {
				send(t, tr, request(t, "GET", address+fmt.Sprint(page), ""))
			}
			if got := w.tokens(); got != "a a a a a a a" {
				t.Errorf("%s went out with %s, want a always, one of them twice", address, got)
			}
			if time.Now().Before(reset) {
				t.Errorf("%s did not wait for its account", address)
			}
			another := over(w, m)
			another.Provider = p
			send(t, another, request(t, "GET", address, ""))
			if got := w.tokens(); !strings.HasSuffix(got, " a") {
				t.Errorf("another transport begins with %s, want the first token", got)
			}
		})
	}
}

func TestWithToken_sends_with_that_token_or_not_at_all(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reset := time.Now().Add(time.Hour)
		spent, dead := false, false
		w := &wire{answer: func(s sent) (*http.Response, error) {
			switch {
			case s.Token == "b" && dead:
				return badCredentials(), nil
			case s.Token == "b" && spent && time.Now().Before(reset):
				return primary(403, reset, "core")(), nil
			case s.Token == "c":
				return primary(403, reset.Add(time.Hour), "core")(), nil
			}
			return ok()(), nil
		}}
		m := managerOf(t, seeing("a", "acme"), seeing("b", "beta"), seeing("c"))
		tr := over(w, m)
		fixed := func(address string, wait time.Duration) (*http.Response, error) {
			ctx := transport.WithMaxWait(transport.WithToken(t.Context(), idOf(t, m, "b")), wait)
			return tr.RoundTrip(request(t, "GET", address, "").WithContext(ctx))
		}
		for _, address := range []string{userURL, "https://api.github.com/user", "https://api.github.com/repos/acme/web"} {
			if resp, err := fixed(address, 0); err != nil || resp.StatusCode != 200 {
				t.Errorf("%s: %v", address, err)
			}
		}
		spent = true
		resp, err := fixed(userURL, -1)
		if err != nil || resp.StatusCode != 403 {
			t.Fatalf("a spent token: %v, want its own refusal", err)
		}
		if after := resp.Header.Get("Retry-After"); after != "3601" {
			t.Errorf("Retry-After %s, want 3601: when the token itself is ready", after)
		}
		once := transport.WithMaxAttempts(transport.WithToken(t.Context(), idOf(t, m, "c")), 1)
		if resp, err := tr.RoundTrip(get(t).WithContext(once)); err != nil || resp.Header.Get("Retry-After") != "7201" {
			t.Errorf("a refusal that ends the attempts: %v, want Retry-After 7201, of the token itself", err)
		}
		var exhausted *tokens.ExhaustedError
		if _, err := fixed(userURL, -1); !errors.As(err, &exhausted) || !strings.Contains(err.Error(), `only token "b" may serve the call`) {
			t.Errorf("a spent token: %v, want an ExhaustedError that says why", err)
		}
		if resp, err := fixed(userURL, 0); err != nil || resp.StatusCode != 200 || time.Now().Before(reset) {
			t.Errorf("a spent token that may be waited for: %v", err)
		}
		dead = true
		w.answer = deadProbe(w.answer)
		if resp, err := fixed(userURL, 0); err != nil || resp.StatusCode != 401 {
			t.Errorf("a dead token: %v, want its own refusal", err)
		}
		if _, err := fixed(userURL, 0); !errors.As(err, &exhausted) || !exhausted.ReadyAt.IsZero() {
			t.Errorf("an invalid token: %v, want an ExhaustedError that time does not end", err)
		}
		if strings.Contains(w.tokens(), "a") {
			t.Errorf("sent with %s, want none with a", w.tokens())
		}
		ctx := transport.WithToken(t.Context(), "unheard-of")
		body := upload("{}")
		req := request(t, "POST", userURL, "").WithContext(ctx)
		req.Body = body
		if _, err := tr.RoundTrip(req); !errors.Is(err, tokens.ErrUnknownToken) {
			t.Errorf("an unknown token: %v, want ErrUnknownToken", err)
		}
		if closed, _ := body.state(); closed != 1 {
			t.Errorf("the body was closed %d times, want once", closed)
		}
		if n := inFlight(m); n != 0 {
			t.Errorf("%d leases are out", n)
		}
	})
}

// deadProbe has the host refuse probes, too.
func deadProbe(answer func(sent) (*http.Response, error)) func(sent) (*http.Response, error) {
	return func(s sent) (*http.Response, error) {
		if s.Probe {
			return badCredentials(), nil
		}
		return answer(s)
	}
}

// idOf returns the ID of the token with this label.
func idOf(t testing.TB, m *tokens.Manager, label string) tokens.ID {
	t.Helper()
	for _, info := range m.AllTokens("") {
		if info.Label == label {
			return info.ID
		}
	}
	t.Fatalf("the manager has no token %q", label)
	return ""
}
