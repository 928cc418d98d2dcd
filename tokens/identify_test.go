package tokens_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

// prefixed returns a token of the host's form that is unique to name.
func prefixed(prefix, name string) string { return prefix + canary.Mark + name }

func infoOf(t testing.TB, m *tokens.Manager, label string) tokens.TokenInfo {
	t.Helper()
	info, ok := m.Lookup(idOf(t, m, label))
	if !ok {
		t.Fatalf("there is no token %q", label)
	}
	return info
}

func identify(t testing.TB, m *tokens.Manager, ids ...tokens.ID) {
	t.Helper()
	if err := m.Identify(t.Context(), ids...); err != nil {
		t.Fatal(err)
	}
}

func TestIdentify_shows_whose_a_token_is_at_every_host(t *testing.T) {
	t.Parallel()
	acme := []fleettest.Owner{{Login: "acme", Repositories: 3}}
	classic, fine := prefixed("ghp_", "1"), prefixed("github_pat_", "2")
	app, workflow := prefixed("ghs_", "3"), prefixed("opaque_", "4")
	hub := fleettest.NewGitHub(fleettest.Config{Organizations: acme, Accounts: []fleettest.Account{
		{Login: "octocat", Tokens: []string{classic, fine}, Scopes: "repo, read:org"},
		{Login: "my-app[bot]", Tokens: []string{app}, Installation: true},
		{Login: "other-app[bot]", Tokens: []string{workflow}, Installation: true},
	}})
	personal, project, job, oauth := prefixed("glpat-", "5"), prefixed("glpat-", "6"), prefixed("glcbt-", "7"), prefixed("", "8")
	lab := fleettest.NewGitLab(fleettest.Config{Accounts: []fleettest.Account{
		{Login: "tanuki", Tokens: []string{personal, job, oauth}, Scopes: "read_api read_user"},
		{Login: "project_42_bot_ab12", Tokens: []string{project}, Installation: true},
	}})
	api, access := prefixed("ATATT3", "9"), prefixed("ATCTT3", "10")
	bucket := fleettest.NewBitbucket(fleettest.Config{Accounts: []fleettest.Account{
		{Login: "bit", Tokens: []string{api}, Scopes: "account, repository:write"},
		{Login: "robot", Tokens: []string{access}, Installation: true},
	}})
	server := roundTripper(func(r *http.Request) (*http.Response, error) {
		a := answer(http.StatusOK, `{"values":[]}`)
		a.Header.Set("X-AUSERNAME", "jdoe")
		a.Header.Set("X-AUSERID", "17")
		return a, nil
	})
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		return map[string]http.RoundTripper{
			"api.github.com": hub, "gitlab.com": lab, "api.bitbucket.org": bucket, "git.example.com": server,
		}[r.URL.Host].RoundTrip(r)
	})
	token := func(p tokens.ProviderType, label, secret string, s tokens.Scheme) tokens.Token {
		return tokens.Token{Provider: p, Label: label, Secret: tokens.Static(secret), Scheme: s}
	}
	basic := token(tokens.Bitbucket, "api", api, tokens.Basic)
	basic.User = "bit@example.com"
	dc := token(tokens.Bitbucket, "dc", prefixed("", "11"), "")
	dc.Host = "https://git.example.com"
	m := manager(t, tokens.Config{Base: base},
		token(tokens.GitHub, "classic", classic, ""), token(tokens.GitHub, "fine", fine, ""),
		token(tokens.GitHub, "app", app, ""), token(tokens.GitHub, "workflow", workflow, ""),
		token(tokens.GitLab, "personal", personal, ""), token(tokens.GitLab, "project", project, tokens.Bearer),
		token(tokens.GitLab, "job", job, tokens.JobToken), token(tokens.GitLab, "oauth", oauth, tokens.Bearer),
		basic, token(tokens.Bitbucket, "access", access, ""), dc)
	if got := infoOf(t, m, "classic"); !got.Identity.At.IsZero() || got.Account != "" {
		t.Errorf("before Identify the token is of %q, %+v", got.Account, got.Identity)
	}
	identify(t, m)
	for label, want := range map[string]struct {
		login, account string
		kind           tokens.Kind
		scopes         []string
	}{
		"classic":  {"octocat", "octocat", tokens.KindClassic, []string{"repo", "read:org"}},
		"fine":     {"octocat", "octocat", tokens.KindFineGrained, []string{"repo", "read:org"}},
		"app":      {"my-app[bot]", "acme/my-app[bot]", tokens.KindInstallation, nil},
		"workflow": {"other-app[bot]", "acme/other-app[bot]", tokens.KindInstallation, nil},
		"personal": {"tanuki", "tanuki", tokens.KindPersonal, []string{"read_api", "read_user"}},
		"project":  {"project_42_bot_ab12", "project_42_bot_ab12", tokens.KindProject, []string{"api"}},
		"job":      {"tanuki", "tanuki", tokens.KindJob, nil},
		"oauth":    {"tanuki", "tanuki", tokens.KindOAuth, nil},
		"api":      {"bit", "bit", tokens.KindAPIToken, []string{"account", "repository:write"}},
		"access":   {"", "", tokens.KindAccessToken, nil},
		"dc":       {"jdoe", "jdoe", tokens.KindAccessToken, nil},
	} {
		info := infoOf(t, m, label)
		who := info.Identity
		if who.Login != want.login || info.Account != want.account || who.Kind != want.kind || !slices.Equal(who.Scopes, want.scopes) {
			t.Errorf("%s is %+v of account %q, want %+v", label, who, info.Account, want)
		}
		if who.At.IsZero() || (who.AccountID == "") != (want.login == "") {
			t.Errorf("%s has ID %q at %v", label, who.AccountID, who.At)
		}
	}
	if holdsSecret(fmt.Sprintf("%+v", m.AllTokens(""))) {
		t.Error("I1: what is known of the tokens holds a secret")
	}
	for _, sim := range []interface{ Leaks() []fleettest.Leak }{hub, lab, bucket} {
		if leaks := sim.Leaks(); len(leaks) > 0 {
			t.Errorf("I2: credentials went astray: %v", leaks)
		}
	}
	wantInFlight(t, m, 0) // I7
}

func TestI4_Identify_lets_tokens_of_one_user_share_a_budget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b, c := canary.Token("a"), canary.Token("b"), canary.Token("c")
		sim := fleettest.NewGitHub(fleettest.Config{Limit: 50, Accounts: []fleettest.Account{
			{Login: "octocat", Tokens: []string{a, b}}, {Login: "hubot", Tokens: []string{c}},
		}})
		m := manager(t, tokens.Config{Base: sim}, letters(3)...)
		identify(t, m)
		h := anyHost(t, m, tokens.GitHub)
		// Two calls of octocat's 50 and one of hubot's went for the question.
		if got := len(leaseAll(t, h, on("core"))); got != 48+49 {
			t.Errorf("%d leases of two accounts that share 97 calls", got)
		}
		if got := infoOf(t, m, "b"); got.Account != "octocat" || got.Status.InFlight != 48 {
			t.Errorf("b is of %q with %d in flight, want octocat with 48", got.Account, got.Status.InFlight)
		}
		if stats := sim.Stats(); stats.RefusedPrimary != 0 || stats.Requests != 3 {
			t.Errorf("%d requests, %d refused, want 3 and none", stats.Requests, stats.RefusedPrimary)
		}
	})
}

func TestI4_Identify_takes_installations_of_one_app_on_one_owner_for_one_account(t *testing.T) {
	t.Parallel()
	a, b, c := prefixed("ghs_", "a"), prefixed("ghs_", "b"), prefixed("ghs_", "c")
	sim := fleettest.NewGitHub(fleettest.Config{
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}},
		Accounts: []fleettest.Account{
			{Login: "one[bot]", Tokens: []string{a, b}, Installation: true},
			{Login: "two[bot]", Tokens: []string{c}, Installation: true},
		},
	})
	m := manager(t, tokens.Config{Base: sim})
	for _, secret := range []string{a, b, c} {
		token := tokens.Token{Provider: tokens.GitHub, Label: secret[len(secret)-1:], Secret: tokens.Static(secret)}
		if err := m.Add(token); err != nil {
			t.Fatal(err)
		}
	}
	identify(t, m)
	l := lease(t, anyHost(t, m, tokens.GitHub), on("core"))
	defer l.Cancel()
	for label := range map[string]bool{"a": true, "b": true, "c": true} {
		want := (label == "c") == (l.Label() == "c")
		if got := infoOf(t, m, label).Status.InFlight == 1; got != want {
			t.Errorf("%s leased: %s is in flight: %t, want %t", l.Label(), label, got, want)
		}
	}
}

func TestI4_A_declared_account_decides_and_others_of_the_user_join_it(t *testing.T) {
	t.Parallel()
	one, two, loose := labelled("one", "team"), labelled("two", "night"), labelled("loose", "")
	sim := fleettest.NewGitHub(fleettest.Config{Accounts: []fleettest.Account{
		{Login: "octocat", Tokens: []string{canary.Token("one"), canary.Token("two"), canary.Token("loose")}},
	}})
	m := manager(t, tokens.Config{Base: sim}, one, two, loose)
	identify(t, m, idOf(t, m, "loose"))
	identify(t, m, idOf(t, m, "one"))
	identify(t, m)
	for label, want := range map[string]string{"one": "team", "two": "night", "loose": "team"} {
		if got := infoOf(t, m, label); got.Account != want || got.Identity.Login != "octocat" {
			t.Errorf("%s is of account %q and login %q, want %q and octocat", label, got.Account, got.Identity.Login, want)
		}
	}
	// One that is declared later by the name that was found shares, too.
	m2 := manager(t, tokens.Config{Base: sim}, loose)
	identify(t, m2)
	if err := m2.Add(labelled("one", "octocat")); err != nil {
		t.Fatal(err)
	}
	l := lease(t, anyHost(t, m2, tokens.GitHub), on("core"))
	defer l.Cancel()
	wantInFlight(t, m2, 1)
}

func TestI4_A_token_of_somebody_else_by_now_leaves_the_account(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Accounts: []fleettest.Account{
		{Login: "octocat", Tokens: []string{canary.Token("a"), canary.Token("b")}},
		{Login: "hubot", Tokens: []string{canary.Token("c")}},
	}})
	m := manager(t, tokens.Config{Base: sim}, letters(2)...)
	identify(t, m)
	if err := m.Rotate(idOf(t, m, "a"), tokens.Static(canary.Token("c"))); err != nil {
		t.Fatal(err)
	}
	identify(t, m)
	l := lease(t, anyHost(t, m, tokens.GitHub), on("core"))
	defer l.Cancel()
	a, b := infoOf(t, m, "a"), infoOf(t, m, "b")
	if a.Account != "hubot" || b.Account != "octocat" || a.Status.InFlight+b.Status.InFlight != 1 {
		t.Errorf("a is of %q, b of %q, in flight %d and %d", a.Account, b.Account, a.Status.InFlight, b.Status.InFlight)
	}
}

func TestIdentify_joins_the_errors_and_keeps_what_it_can(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a"), canary.Token("b"), canary.Token("c"), canary.Token("d")}})
	sim.Revoke(canary.Token("b"))
	down := errors.New("no network")
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.Header.Get("Authorization"), canary.Token("c")) {
			return nil, down
		}
		return sim.RoundTrip(r)
	})
	m := manager(t, tokens.Config{Base: base}, letters(4)...)
	if err := m.Disable(idOf(t, m, "d"), "lent"); err != nil {
		t.Fatal(err)
	}
	err := m.Identify(t.Context())
	if !errors.Is(err, down) {
		t.Fatalf("Identify() = %v", err)
	}
	for _, want := range []string{
		`token "b": identify: the host answered 401: Bad credentials`,
		`token "c": identify: no network`, `token "d": identify: it is disabled`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Identify() = %v, want %s", err, want)
		}
	}
	if holdsSecret(err.Error()) {
		t.Error("I1: the error holds a secret")
	}
	if got := infoOf(t, m, "a").Account; got != "user-1" {
		t.Errorf("a is of %q, want user-1", got)
	}
	if got := status(t, m, "b").State; got != tokens.Suspect {
		t.Errorf("b is %v after one 401, want suspect (I12)", got)
	}
	if got := status(t, m, "c").State; got != tokens.Unknown {
		t.Errorf("c is %v although the host was not reached, want unknown", got)
	}
	wantInFlight(t, m, 0)
	if err := m.Identify(t.Context(), "nobody"); !errors.Is(err, tokens.ErrUnknownToken) {
		t.Errorf("Identify() of an unknown ID = %v", err)
	}
}

func TestIdentify_with_answers_that_make_no_sense_changes_nothing(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "[]", "{", `{"id":"x"}`} {
		m := manager(t, tokens.Config{Base: answering(http.StatusOK, body)}, letters(2)...)
		if err := m.Identify(t.Context()); err == nil || !strings.Contains(err.Error(), "reading the answer") {
			t.Errorf("%q: Identify() = %v, want an error", body, err)
		}
	}
	// Without an ID nobody is known to be somebody else (I11).
	m := manager(t, tokens.Config{Base: answering(http.StatusOK, "{}")}, letters(2)...)
	identify(t, m)
	l := lease(t, anyHost(t, m, tokens.GitHub), on("core"))
	defer l.Cancel()
	if a, b := status(t, m, "a"), status(t, m, "b"); a.InFlight+b.InFlight != 1 {
		t.Error("two tokens of which nothing is known became one account")
	}
}

func TestI5_Identify_does_not_draw_on_a_budget_that_is_spent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a"), canary.Token("b")}})
		m := manager(t, tokens.Config{Base: sim}, letters(2)...)
		h := anyHost(t, m, tokens.GitHub)
		tell(t, h, "core", spent(5000, time.Hour))
		tell(t, h, "core", spent(5000, 5*time.Second)) // which is of no use to a
		start := time.Now()
		var e *tokens.ExhaustedError
		if err := m.Identify(t.Context(), idOf(t, m, "a")); !errors.As(err, &e) || time.Until(e.ReadyAt) < time.Hour || time.Since(start) > 0 {
			t.Errorf("Identify() = %v after %v, want to hear of the reset at once", err, time.Since(start))
		}
		if got := sim.Stats().Requests; got != 0 {
			t.Errorf("%d requests were sent", got)
		}
	})
}

func TestI5_Identify_waits_for_calls_that_are_under_way(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a"), canary.Token("b")}})
		m := manager(t, tokens.Config{Base: sim}, letters(2)...)
		h := anyHost(t, m, tokens.GitHub)
		tell(t, h, "core", left(5000, 1, time.Hour))
		tell(t, h, "core", left(5000, 1, time.Hour))
		out := leaseAll(t, h, on("core")) // the last of each
		time.AfterFunc(5*time.Second, func() {
			for _, l := range out {
				l.Cancel()
			}
		})
		start := time.Now()
		identify(t, m)
		if got := time.Since(start); got != 5*time.Second {
			t.Errorf("Identify() took %v, want the 5 s of the calls before it", got)
		}
		tell(t, h, "core", left(5000, 1, time.Hour))
		tell(t, h, "core", left(5000, 1, time.Hour))
		out = leaseAll(t, h, on("core"))
		out[0].Cancel()
		start = time.Now()
		held := idOf(t, m, out[1].Label())
		if err := m.Identify(t.Context(), held); err == nil || time.Since(start) != 10*time.Second {
			t.Errorf("Identify() = %v after %v, want to give up after 10 s though another token is free", err, time.Since(start))
		}
	})
}

func TestIdentify_ends_with_its_context_and_asks_eight_at_once(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		base := roundTripper(func(r *http.Request) (*http.Response, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		m := manager(t, tokens.Config{Base: base}, letters(20)...)
		start := time.Now()
		if err := m.Identify(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Identify() of a host that never answers = %v", err)
		}
		if got := time.Since(start); got != 30*time.Second || most.Load() != 8 { // 20 tokens, 8 at a time, 10 s each
			t.Errorf("Identify() took %v with %d at once, want 30 s with 8", got, most.Load())
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := m.Identify(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Identify() with an ended context = %v", err)
		}
		wantInFlight(t, m, 0)
	})
}

func TestIdentify_knows_the_secret_of_a_refreshing_token(t *testing.T) {
	t.Parallel()
	secret := prefixed("ghs_", "minted")
	sim := fleettest.NewGitHub(fleettest.Config{
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}},
		Accounts:      []fleettest.Account{{Login: "app[bot]", Tokens: []string{secret}, Installation: true}},
	})
	sim.Expire(secret, time.Now().Add(time.Hour))
	m := manager(t, tokens.Config{Base: sim}, tokens.Token{Provider: tokens.GitHub, Label: "app",
		Secret: tokens.Refreshing("app", func(context.Context) (string, time.Time, error) {
			return secret, time.Now().Add(time.Hour), nil
		})})
	identify(t, m)
	if got := infoOf(t, m, "app"); got.Account != "acme/app[bot]" || !got.Expires.IsZero() {
		t.Errorf("the token is of %q and ends at %v, want acme/app[bot] and no end", got.Account, got.Expires)
	}
	if got := sim.Stats().Requests; got != 2 {
		t.Errorf("%d requests, want 2: /user would have been refused", got)
	}
}

func TestIdentify_asks_no_strategy(t *testing.T) {
	t.Parallel()
	picks := 0
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a"), canary.Token("b")}})
	m := manager(t, tokens.Config{Base: sim, Strategy: tokens.StrategyFunc(func(time.Time, []tokens.Candidate) int {
		picks++
		return 0
	})}, letters(2)...)
	identify(t, m)
	if picks != 0 {
		t.Errorf("the strategy was asked %d times", picks)
	}
}
