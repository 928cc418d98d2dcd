package tokens_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestTokenStatus_reads_as_a_sentence(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 11, 21, 15, 0, 0, 0, time.FixedZone("CET", 3600))
	known := ratelimit.Known[int64]
	for _, tt := range []struct {
		s    tokens.TokenStatus
		want string
	}{
		{tokens.TokenStatus{}, "unknown"},
		{tokens.TokenStatus{State: tokens.Available}, "available"},
		{tokens.TokenStatus{State: tokens.Available, Limit: known(5000)}, "available"},
		{tokens.TokenStatus{State: tokens.Available, Limit: known(5000), Remaining: known(4312)}, "available (4312 of 5000 left)"},
		{tokens.TokenStatus{State: tokens.Limited, Until: until}, "limited until 2026-11-21T14:00:00Z"},
		{tokens.TokenStatus{State: tokens.Cooling, Until: until}, "cooling until 2026-11-21T14:00:00Z"},
		{tokens.TokenStatus{State: tokens.Suspect, Reason: "Bad credentials"}, "suspect: Bad credentials"},
		{tokens.TokenStatus{State: tokens.Invalid, Reason: "Bad credentials"}, "invalid: Bad credentials"},
		{tokens.TokenStatus{State: tokens.Invalid}, "invalid"},
		{tokens.TokenStatus{State: tokens.Expired}, "expired"},
		{tokens.TokenStatus{State: tokens.Disabled}, "disabled"},
		{tokens.TokenStatus{State: 99}, "State(99)"},
	} {
		if got := tt.s.String(); got != tt.want {
			t.Errorf("String() = %q, want %q", got, tt.want)
		}
		if available, limited := tt.s.IsAvailable(), tt.s.IsRateLimited(); available != (tt.s.State < tokens.Limited) || limited != (tt.s.State == tokens.Limited || tt.s.State == tokens.Cooling) {
			t.Errorf("%v: IsAvailable() = %t, IsRateLimited() = %t", tt.s, available, limited)
		}
	}
	if b, err := json.Marshal(tokens.TokenStatus{State: tokens.Limited}.State); err != nil || string(b) != `"limited"` {
		t.Errorf("JSON of a state is %s, %v", b, err)
	}
}

func TestAllTokens_shows_each_token_in_exactly_one_state(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, tokens.Config{Base: answering(401, badCredentials)}, gitHub("a", ""))
		h := anyHost(t, m, tokens.GitHub)
		want := func(state tokens.State, text string) {
			t.Helper()
			if s := status(t, m, "a"); s.State != state || s.String() != text {
				t.Errorf("status is %v, want %s", s, text)
			}
		}
		in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
		want(tokens.Unknown, "unknown")
		l := lease(t, h, on("core"))
		if s := status(t, m, "a"); s.InFlight != 1 || !s.LastUsed.Equal(time.Now()) || s.State != tokens.Unknown {
			t.Errorf("%d in flight, last used %v, %v", s.InFlight, s.LastUsed, s.State)
		}
		l.Settle(left(5000, 4312, time.Hour))
		want(tokens.Available, "available (4312 of 5000 left)")
		if s := status(t, m, "a"); !s.Reset.Equal(time.Now().Add(time.Hour)) || !s.Until.IsZero() {
			t.Errorf("reset %v, until %v", s.Reset, s.Until)
		}
		tell(t, h, "core", after(refused(ratelimit.SecondaryLimit), time.Minute))
		want(tokens.Cooling, "cooling until "+in(time.Minute+time.Second))
		time.Sleep(time.Minute + time.Second)
		want(tokens.Available, "available (4311 of 5000 left)")
		tell(t, h, "core", spent(5000, time.Hour))
		want(tokens.Limited, "limited until "+in(time.Hour+time.Second))
		time.Sleep(61 * time.Minute)
		want(tokens.Available, "available")
		l = tell(t, h, "core", unauthorized("Bad\ncredentials"))
		want(tokens.Suspect, "suspect: Bad\ncredentials")
		l.Confirm(t.Context(), nil)
		want(tokens.Invalid, "invalid: Bad credentials")
	})
}

// A token may be limited although its own main budget was never drawn on.
func TestAllTokens_knows_until_when_in_every_case(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "search", after(refused(ratelimit.SecondaryLimit), time.Minute))
		if s := status(t, m, "a"); s.State != tokens.Cooling || !s.Until.Equal(time.Now().Add(time.Minute+time.Second)) {
			t.Errorf("after a secondary limit of another resource: %v", s)
		}
		time.Sleep(2 * time.Minute)
		o := after(refused(ratelimit.PrimaryLimit), time.Minute)
		o.Resource = "core"
		tell(t, h, "search", o)
		if s := status(t, m, "a"); s.State != tokens.Limited || !s.Until.Equal(time.Now().Add(time.Minute+time.Second)) {
			t.Errorf("after a refusal that names core: %v", s)
		}
		time.Sleep(2 * time.Minute)

		// All that was left is charged without an answer that says 0.
		tell(t, h, "core", left(5000, 1, time.Hour))
		tell(t, h, "core", served())
		if s := status(t, m, "a"); s.State != tokens.Limited || !s.Until.Equal(time.Now().Add(time.Hour+time.Second)) {
			t.Errorf("after the last call: %v", s)
		}
		if e := exhausted(t, h, on("core")); e.States[tokens.Limited] != 1 {
			t.Errorf("states are %v, want limited", e.States)
		}
	})
}

func TestAllTokens_shows_numbers_of_every_resource_and_none_after_its_reset(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a1", "a"), gitHub("a2", "a"))
		tell(t, h, "core", left(5000, 4000, time.Hour))
		tell(t, h, "search", left(30, 29, time.Minute))
		known := ratelimit.Known[int64]
		now := time.Now()
		want := map[string]tokens.Budget{
			"core":   {Limit: known(5000), Remaining: known(4000), Reset: now.Add(time.Hour)},
			"search": {Limit: known(30), Remaining: known(29), Reset: now.Add(time.Minute)},
		}
		show := cmp.Comparer(func(a, b ratelimit.Optional[int64]) bool { return a == b })
		// The second token was not used, but the account's numbers are its own.
		for _, name := range []string{"a1", "a2"} {
			if diff := cmp.Diff(want, status(t, m, name).Budgets, show); diff != "" {
				t.Errorf("%s: budgets (-want +got):\n%s", name, diff)
			}
		}
		time.Sleep(2 * time.Minute)
		want["search"] = tokens.Budget{Limit: known(30)}
		if diff := cmp.Diff(want, status(t, m, "a1").Budgets, show); diff != "" {
			t.Errorf("after the reset of search (-want +got):\n%s", diff)
		}
	})
}

func TestAllTokens_returns_copies_in_the_order_of_adding(t *testing.T) {
	t.Parallel()
	m := manager(t, tokens.Config{}, gitHub("c", ""), at(tokens.GitLab, ""), gitHub("a", "octocat"))
	h := anyHost(t, m, tokens.GitHub)
	tell(t, h, "core", left(5000, 10, time.Hour))
	infos := m.AllTokens(tokens.GitHub)
	if len(infos) != 2 || infos[0].Label != "c" || infos[1].Label != "a" || infos[1].Account != "octocat" || infos[0].Account != "" {
		t.Fatalf("AllTokens(github) = %v", infos)
	}
	if all := m.AllTokens(""); len(all) != 3 || all[1].Provider != tokens.GitLab || all[1].Host != "https://gitlab.com" {
		t.Errorf("AllTokens() = %v", all)
	}
	if got := m.AllTokens(tokens.Bitbucket); len(got) != 0 {
		t.Errorf("AllTokens(bitbucket) = %v, want none", got)
	}
	infos[0].Status.Budgets["core"] = tokens.Budget{Remaining: ratelimit.Known[int64](-1)}
	infos[0].Status.State = tokens.Invalid
	delete(infos[1].Status.Budgets, "core")
	if s := status(t, m, "c"); s.State == tokens.Invalid || s.Budgets["core"].Remaining.Or(0) < 0 {
		t.Error("a change of the copy changed the manager")
	}
}

func TestAdd_a_label_and_an_ID_are_made_up_and_stay(t *testing.T) {
	t.Parallel()
	make := func(p tokens.ProviderType, host, user, name string) tokens.TokenInfo {
		m := manager(t, tokens.Config{}, tokens.Token{Provider: p, Host: host, User: user, Secret: tokens.Static(canary.Token(name))})
		return m.AllTokens("")[0]
	}
	first := make(tokens.GitHub, "", "", "x")
	if first.Label != "github-"+string(first.ID[:6]) || len(first.ID) != 16 {
		t.Errorf("label is %q, ID %q", first.Label, first.ID)
	}
	if again := make(tokens.GitHub, "https://github.com/", "", "x"); again.ID != first.ID || again.Label != first.Label {
		t.Errorf("the same token has the IDs %s and %s", first.ID, again.ID)
	}
	for _, other := range []tokens.TokenInfo{
		make(tokens.GitHub, "", "", "y"), make(tokens.GitHub, "ghe.example.com", "", "x"), make(tokens.GitLab, "", "", "x"), make(tokens.GitHub, "", "me", "x"),
	} {
		if other.ID == first.ID {
			t.Errorf("%v has the ID of another token", other)
		}
	}
	if got := (tokens.Token{Provider: tokens.GitLab}).String(); got != "gitlab token" {
		t.Errorf("a token without label prints as %q", got)
	}
}

func TestAdd_takes_all_or_none_and_each_once(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", ""))
	if err := m.Add(gitHub("b", ""), tokens.Token{Provider: tokens.GitHub}); err == nil {
		t.Error("Add() took an empty secret")
	}
	if got := len(m.AllTokens("")); got != 1 {
		t.Errorf("%d tokens, want 1: none of a list with an error", got)
	}
	again := gitHub("a", "another")
	again.Label = "other label"
	if err := m.Add(again, gitHub("b", ""), gitHub("b", "")); err != nil {
		t.Fatal(err)
	}
	var labels []string
	for _, info := range m.AllTokens("") {
		labels = append(labels, info.Label)
	}
	if !slices.Equal(labels, []string{"a", "b"}) {
		t.Errorf("labels are %v, want a and b", labels)
	}
	if got := len(leaseAll(t, h, on("core"))); got != 10 {
		t.Errorf("%d leases, want 5 of each", got)
	}
}

func TestAdd_a_new_token_of_a_known_account_shares_what_is_known(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a1", "a"))
	tell(t, h, "core", left(5000, 3, time.Hour))
	tell(t, h, "search", spent(30, time.Minute))
	if err := m.Add(gitHub("a2", "a")); err != nil {
		t.Fatal(err)
	}
	if s := status(t, m, "a2"); s.Remaining.Or(-1) != 3 || s.State != tokens.Unknown {
		t.Errorf("the new token is %v with %v left, want unknown with 3", s, s.Remaining)
	}
	exhausted(t, h, on("search"))
	seen := map[string]int{}
	for _, l := range leaseAll(t, h, on("core")) {
		seen[l.Label()]++
	}
	if seen["a1"]+seen["a2"] != 3 || seen["a2"] == 0 {
		t.Errorf("leases by token are %v, want 3 of both", seen)
	}
}

func TestAdd_a_dead_account_lives_again_with_a_new_token(t *testing.T) {
	t.Parallel()
	m := manager(t, tokens.Config{Base: answering(401, badCredentials)}, gitHub("a1", "a"))
	h := anyHost(t, m, tokens.GitHub)
	suspect(t, h).Confirm(t.Context(), nil)
	exhausted(t, h, on("core"))
	if err := m.Add(gitHub("a2", "a")); err != nil {
		t.Fatal(err)
	}
	if got := lease(t, h, on("core")).Label(); got != "a2" {
		t.Errorf("leased %s, want a2", got)
	}
}

func TestHost_Remaining_sums_what_all_accounts_have(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, tokens.Config{Base: answering(401, badCredentials)}, gitHubs(4)...)
		h := anyHost(t, m, tokens.GitHub)
		want := func(n int64) {
			t.Helper()
			if got := h.Remaining("core"); got != n {
				t.Errorf("Remaining() = %d, want %d", got, n)
			}
		}
		want(0)
		tell(t, h, "core", left(5000, 100, time.Minute))
		tell(t, h, "core", left(5000, 200, time.Hour))
		tell(t, h, "core", spent(5000, time.Hour))
		want(300)
		out := lease(t, h, on("core")) // the unknown one
		want(300)
		second := lease(t, h, on("core"))
		second.Cancel()
		out.Settle(left(60, 50, time.Hour))
		want(350)
		held := lease(t, h, on("core"))
		want(349)
		held.Cancel()
		time.Sleep(2 * time.Minute) // the first is unknown again, and counts with its limit
		want(5000 + 250)
		suspect(t, h).Confirm(t.Context(), nil) // the first
		want(250)
		if got := h.Remaining("none"); got != 0 {
			t.Errorf("Remaining(none) = %d, want 0", got)
		}
	})
}

func TestI13_ExhaustedError_says_what_and_until_when(t *testing.T) {
	t.Parallel()
	ready := time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		e    tokens.ExhaustedError
		want string
	}{
		{
			tokens.ExhaustedError{Provider: tokens.GitHub, Resource: "core", ReadyAt: ready, Tokens: 3, States: map[tokens.State]int{tokens.Limited: 2, tokens.Cooling: 1}},
			"gitfleet: github core: all 3 tokens are rate limited until 2026-11-21T14:00:00Z",
		},
		{
			tokens.ExhaustedError{Provider: tokens.GitHub, Resource: "core", ReadyAt: ready, Tokens: 1, States: map[tokens.State]int{tokens.Limited: 1}},
			"gitfleet: github core: the only token is rate limited until 2026-11-21T14:00:00Z",
		},
		{
			tokens.ExhaustedError{Provider: tokens.GitHub, Resource: "core", ReadyAt: ready, Tokens: 3, States: map[tokens.State]int{tokens.Limited: 2, tokens.Invalid: 1}},
			"gitfleet: github core: none of 3 tokens can serve (2 limited, 1 invalid) until 2026-11-21T14:00:00Z",
		},
		{
			tokens.ExhaustedError{Provider: tokens.GitLab, Tokens: 2, States: map[tokens.State]int{tokens.Invalid: 2}},
			"gitfleet: gitlab: none of 2 tokens can serve (2 invalid)",
		},
		{
			tokens.ExhaustedError{Provider: tokens.Bitbucket, Host: "https://api.bitbucket.org", Resource: "api"},
			"gitfleet: bitbucket api: no token for https://api.bitbucket.org: add one, or set BITBUCKET_TOKENS or BITBUCKET_TOKEN",
		},
	} {
		err := fmt.Errorf("call: %w", &tt.e)
		if err.Error() != "call: "+tt.want {
			t.Errorf("Error() = %q, want %q", tt.e.Error(), tt.want)
		}
		if got, want := errors.Is(err, tokens.ErrRateLimited), !tt.e.ReadyAt.IsZero(); got != want {
			t.Errorf("%v: matches ErrRateLimited: %t, want %t", err, got, want)
		}
		if errors.Is(err, tokens.ErrClosed) || !tt.e.RetryAt().Equal(tt.e.ReadyAt) {
			t.Errorf("%v: RetryAt() = %v", err, tt.e.RetryAt())
		}
	}
}

func TestI13_A_call_that_gets_no_token_is_told_of_all_of_them(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, tokens.Config{Base: answering(401, badCredentials)}, gitHubs(5)...)
		h := anyHost(t, m, tokens.GitHub)
		suspect(t, h).Confirm(t.Context(), nil)
		tell(t, h, "core", spent(5000, time.Hour))
		tell(t, h, "core", after(refused(ratelimit.SecondaryLimit), 10*time.Minute))
		tell(t, h, "core", left(5000, 1, time.Hour))
		lease(t, h, on("core"))
		for range 4 {
			lease(t, h, on("core"))
		}
		lease(t, h, on("core"))
		e := exhausted(t, h, on("core"))
		want := &tokens.ExhaustedError{
			Provider: tokens.GitHub, Host: "https://api.github.com", Resource: "core",
			ReadyAt: time.Now(), Tokens: 5,
			States: map[tokens.State]int{tokens.Invalid: 1, tokens.Limited: 1, tokens.Cooling: 1, tokens.Available: 1, tokens.Unknown: 1},
		}
		if diff := cmp.Diff(want, e); diff != "" {
			t.Errorf("ExhaustedError (-want +got):\n%s", diff)
		}
	})
}

func TestI13_Without_any_token_nothing_is_sent_and_nobody_waits(t *testing.T) {
	t.Parallel()
	m := manager(t, tokens.Config{})
	h := anyHost(t, m, tokens.GitHub)
	for _, r := range []tokens.Request{on("core"), waiting("core"), {}} {
		e := exhausted(t, h, r)
		if e.Tokens != 0 || !e.ReadyAt.IsZero() || errors.Is(e, tokens.ErrRateLimited) {
			t.Errorf("%v", e)
		}
	}
	if got := len(m.AllTokens("")); got != 0 {
		t.Errorf("%d tokens, want 0", got)
	}
}

func TestManager_is_safe_for_concurrent_use(t *testing.T) {
	t.Parallel()
	m := manager(t, tokens.Config{Base: answering(200, "{}")}, gitHubs(4)...)
	h := anyHost(t, m, tokens.GitHub)
	u := mustParse(t, "https://api.github.com/user")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			rnd := random(uint64(i))
			for j := range 300 {
				switch rnd.IntN(12) {
				case 0:
					_ = m.AllTokens("")
				case 1:
					if err := m.Add(gitHub(fmt.Sprintf("n%d-%d", i, j%5), "shared")); err != nil {
						t.Error(err)
					}
				case 2:
					_, _ = h.ReadyAt("core")
					_ = h.Remaining("search")
					m.Covers(u)
				case 3:
					_ = fmt.Sprintf("%+v %d %#v", m, h, h)
				}
				r := on([]string{"core", "search"}[rnd.IntN(2)])
				if rnd.IntN(3) == 0 {
					r.MaxWait = time.Millisecond
				}
				l, err := h.Lease(t.Context(), r)
				if err != nil {
					continue
				}
				switch rnd.IntN(10) {
				case 0:
					l.Settle(unauthorized("no"))
					l.Confirm(t.Context(), nil)
				case 1:
					l.Lost()
				case 2:
					l.Cancel()
				default:
					l.Settle(left(5000, 1+rnd.Int64N(4000), time.Hour))
				}
			}
		})
	}
	wg.Wait()
	wantInFlight(t, m, 0)
}

func TestI13_A_budget_that_is_spent_for_longer_than_it_rests_is_ready_when_its_window_ends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a", ""))
		told, lost, limited := lease(t, h, on("core")), lease(t, h, on("core")), lease(t, h, on("core"))
		told.Settle(left(5000, 1, time.Hour))
		lost.Lost()
		limited.Settle(after(refused(ratelimit.PrimaryLimit), 10*time.Minute))
		want := time.Now().Add(time.Hour + time.Second)
		if e := exhausted(t, h, on("core")); !e.ReadyAt.Equal(want) || !status(t, m, "a").Until.Equal(want) {
			t.Errorf("ready in %v, status says %v, want %v", time.Until(e.ReadyAt), time.Until(status(t, m, "a").Until), time.Until(want))
		}
	})
}
