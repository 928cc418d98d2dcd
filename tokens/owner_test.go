package tokens_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// seeing returns a GitHub token, an account of its own, that sees these owners.
func seeing(name string, owners ...string) tokens.Token {
	t := gitHub(name, "")
	t.Owners = owners
	return t
}

// about is a request for one call about an owner that does not wait.
func about(owner string) tokens.Request {
	r := on("core")
	r.Owner = owner
	return r
}

// serving returns the labels of the tokens that serve such calls, in alphabetical
// order.
func serving(t testing.TB, h *tokens.Host, r tokens.Request) string {
	t.Helper()
	var labels []string
	for range 12 {
		l := lease(t, h, r)
		labels = append(labels, l.Label())
		l.Cancel()
	}
	slices.Sort(labels)
	return strings.Join(slices.Compact(labels), " ")
}

func TestOwners_calls_go_to_who_names_the_owner_and_to_who_names_none(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"most_remaining", "round_robin"} {
		m, h := gitHubHost(t, seeing("a", "Acme"), seeing("b", "beta/web", "other"), seeing("g", "beta/"), seeing("any"))
		s, err := tokens.ParseStrategy(strategy)
		if err != nil {
			t.Fatal(err)
		}
		m.SetStrategy(s)
		check := func(owner, want string) {
			t.Helper()
			if got := serving(t, h, about(owner)); got != want {
				t.Errorf("%s: owner %q is served by %q, want %q", strategy, owner, got, want)
			}
		}
		check("acme", "a any")
		check("ACME", "a any")
		check("acme/team", "a any")
		check("acmeplus", "a any b g")
		check("beta/web/api", "any b g")
		check("beta/website", "any g")
		check("beta", "any g")
		check("", "a any b g")
		check("nobody", "a any b g")
		if err := m.MarkInvalid(idOf(t, m, "a"), "gone"); err != nil {
			t.Fatal(err)
		}
		check("acme", "any b g") // nobody's now: what is public everybody sees
		if err := m.Disable(idOf(t, m, "g"), "later"); err != nil {
			t.Fatal(err)
		}
		check("beta/website", "any b")
		if err := m.Enable(idOf(t, m, "g")); err != nil {
			t.Fatal(err)
		}
		check("beta/website", "any g")
		m.Remove(idOf(t, m, "g"), "gone")
		check("beta/web", "any b")
		check("beta/website", "any b")
		if err := m.Add(seeing("late", "nobody")); err != nil {
			t.Fatal(err)
		}
		check("nobody", "any late")
	}
}

func TestOwners_with_a_common_beginning_are_two(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, seeing("a", "acme"), seeing("b", "acme-two"))
	if got := serving(t, h, about("acme-two")) + ", " + serving(t, h, about("acme")); got != "b, a" {
		t.Errorf("served by %q, want b, a", got)
	}
}

func TestOwners_of_one_account_hold_for_each_of_its_tokens(t *testing.T) {
	t.Parallel()
	a, b := gitHub("a", "octocat"), gitHub("b", "octocat")
	a.Owners, b.Owners = []string{"one"}, []string{"two"}
	_, h := gitHubHost(t, a, b)
	if got := serving(t, h, about("one")) + ", " + serving(t, h, about("two")); got != "a, b" {
		t.Errorf("served by %q, want a, b", got)
	}
}

func TestOwners_are_shown_as_declared_and_checked(t *testing.T) {
	t.Parallel()
	m, _ := gitHubHost(t, seeing("a", " Acme/Web/ "))
	info := m.AllTokens("")[0]
	if !slices.Equal(info.Owners, []string{"Acme/Web"}) {
		t.Errorf("Owners = %q, want Acme/Web", info.Owners)
	}
	info.Owners[0] = "changed"
	if got := m.AllTokens("")[0].Owners[0]; got != "Acme/Web" {
		t.Errorf("Owners = %q after a change of the copy", got)
	}
	for _, owner := range []string{"", " / ", "ghp_something"} {
		err := m.Add(seeing("b", "acme", owner))
		if err == nil || !strings.Contains(err.Error(), "owner 2 of 2") || strings.Contains(err.Error(), "ghp_") {
			t.Errorf("Add() with owner %q = %v, want it to be named by its place", owner, err)
		}
	}
}

func TestI13_A_spent_owner_is_waited_for_and_nobody_else_is_asked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, seeing("a", "acme"), seeing("b", "beta"))
		lease(t, h, about("acme")).Settle(spent(5000, 20*time.Minute))
		e := exhausted(t, h, about("acme"))
		if want := time.Now().Add(20*time.Minute + time.Second); !e.ReadyAt.Equal(want) || e.Tokens != 2 {
			t.Errorf("ready at %v of %d tokens, want %v of 2", e.ReadyAt, e.Tokens, want)
		}
		if want := `: only a token for owner "acme" may serve the call`; !strings.HasSuffix(e.Error(), want) {
			t.Errorf("error %q, want it to end in %q", e, want)
		}
		r := waiting("core")
		r.Owner = "acme"
		if label, d := wait(t, h, r); label != "a" || d != 20*time.Minute+time.Second {
			t.Errorf("served by %s after %v, want a after 20m1s", label, d)
		}
	})
}

func TestI9_Waiters_for_one_owner_keep_nobody_waiting_who_can_be_served(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, seeing("a", "acme"), seeing("b", "beta"))
		lease(t, h, about("acme")).Settle(spent(5000, 30*time.Minute))
		lease(t, h, about("beta")).Settle(spent(5000, 10*time.Minute))
		start := time.Now()
		order := make(chan string, 8)
		for _, who := range []string{"acme 1", "any 1", "acme 2", "token b", "beta 1", "any 2", "beta 2"} {
			r := waiting("core")
			switch name, _, _ := strings.Cut(who, " "); name {
			case "token":
				r.Token = idOf(t, m, "b")
			case "any":
			default:
				r.Owner = name
			}
			go func() {
				l, err := h.Lease(t.Context(), r)
				if err != nil {
					t.Error(err)
					return
				}
				order <- fmt.Sprintf("%s by %s after %v", who, l.Label(), time.Since(start))
				time.Sleep(time.Second)
				l.Settle(left(5000, 1, time.Hour)) // one after the other
			}()
			synctest.Wait()
		}
		exhausted(t, h, about("beta"))
		time.Sleep(time.Hour)
		synctest.Wait()
		close(order)
		var got []string
		for s := range order {
			got = append(got, s)
		}
		// A reset frees five calls at once, and each answer one more.
		slices.Sort(got)
		want := []string{
			"acme 1 by a after 30m1s", "acme 2 by a after 30m1s",
			"any 1 by b after 10m1s", "any 2 by b after 10m1s",
			"beta 1 by b after 10m1s", "beta 2 by b after 10m1s", "token b by b after 10m1s",
		}
		if !slices.Equal(got, want) {
			t.Errorf("served:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestI9_Waiters_for_one_owner_are_served_in_their_order(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, seeing("a", "acme"), seeing("b", "beta"))
		lease(t, h, about("acme")).Settle(left(5000, 1, time.Hour))
		lease(t, h, about("beta")).Settle(left(5000, 1, time.Hour))
		acme, beta := lease(t, h, about("acme")), lease(t, h, about("beta"))
		r := waiting("core")
		r.Owner = "acme"
		turns, leases := queue(t, h, 3, r)
		behind, _ := queue(t, h, 1, waiting("core"))
		beta.Cancel()
		synctest.Wait()
		if len(behind) != 1 || len(turns) != 0 {
			t.Fatalf("%d and %d were served, want only who stands behind the owner's", len(turns), len(behind))
		}
		for i := range 3 {
			acme.Cancel()
			synctest.Wait()
			if len(turns) != 1 {
				t.Fatalf("%d were woken, want 1", len(turns))
			}
			if got := <-turns; got != i {
				t.Errorf("call %d was served, want %d", got, i)
			}
			acme = <-leases
		}
	})
}

func TestI9_Writes_that_wait_for_the_pace_of_their_owner_wait_for_no_other(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, tokens.Config{Pace: &ratelimit.Pace{WriteGap: time.Minute}}, seeing("a", "acme"), seeing("b", "beta"))
		h := anyHost(t, m, tokens.GitHub)
		write := func(owner string) tokens.Request {
			r := waiting("core")
			r.Owner, r.Draw.Points = owner, 5
			return r
		}
		lease(t, h, write("beta")).Settle(left(5000, 99, time.Hour))
		time.Sleep(50 * time.Second)
		lease(t, h, write("acme")).Settle(left(5000, 99, time.Hour))
		turns, _ := queue(t, h, 1, write("acme"))
		start := time.Now()
		if label, d := wait(t, h, write("beta")); label != "b" || d != 10*time.Second || len(turns) != 0 {
			t.Errorf("served by %s after %v, want b after 10s, before the other owner's", label, d)
		}
		<-turns
		if d := time.Since(start); d != time.Minute {
			t.Errorf("the other owner's was served after %v, want 1m", d)
		}
	})
}

func TestI9_Waiters_for_an_owner_who_becomes_nobodys_go_to_anybody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, seeing("a", "acme"), seeing("b", "beta"))
		lease(t, h, about("acme")).Settle(spent(5000, 30*time.Minute))
		r := waiting("core")
		r.Owner = "acme"
		time.AfterFunc(time.Minute, func() { m.Remove(idOf(t, m, "a"), "uninstalled") })
		if label, d := wait(t, h, r); label != "b" || d != time.Minute {
			t.Errorf("served by %s after %v, want b after 1m", label, d)
		}
	})
}

func TestToken_serves_the_calls_that_are_fixed_to_it_and_no_other_does(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, seeing("a", "acme"), gitHub("b", "octocat"), gitHub("c", "octocat"))
		r := on("core")
		r.Token, r.Owner = idOf(t, m, "c"), "acme"
		if got := serving(t, h, r); got != "c" {
			t.Errorf("served by %q, want c", got)
		}
		lease(t, h, r).Settle(spent(5000, time.Minute))
		e := exhausted(t, h, r)
		if !errors.Is(e, tokens.ErrRateLimited) || !strings.HasSuffix(e.Error(), `: only token "c" may serve the call`) {
			t.Errorf("error %q, want a rate limit of token c", e)
		}
		free := r
		free.Draw.Units = 0
		if got := serving(t, h, free); got != "c" {
			t.Errorf("a free call is served by %q, want c", got)
		}
		if at, ok := h.ReadyFor(r); !ok || !at.Equal(time.Now().Add(time.Minute+time.Second)) {
			t.Errorf("ReadyFor() = %v, %t, want the token's reset", at, ok)
		}
		waits := r
		waits.MaxWait = 0
		time.AfterFunc(time.Second, func() { _ = m.MarkInvalid(r.Token, "gone") })
		if _, err := h.Lease(t.Context(), waits); errors.Is(err, tokens.ErrRateLimited) || time.Since(e.ReadyAt) > 0 {
			t.Errorf("error %v, want one that time does not end, as soon as the token is invalid", err)
		}
		if e := exhausted(t, h, r); !e.ReadyAt.IsZero() {
			t.Errorf("an invalid token is ready at %v", e.ReadyAt)
		}
		r.Token = "unheard-of"
		if _, err := h.Lease(t.Context(), r); !errors.Is(err, tokens.ErrUnknownToken) {
			t.Errorf("Lease() = %v, want ErrUnknownToken", err)
		}
		if _, ok := h.ReadyFor(r); ok {
			t.Error("ReadyFor() = true for a token that is unknown")
		}
		other := anyHost(t, m, tokens.GitLab)
		r.Token = idOf(t, m, "a")
		if _, err := other.Lease(t.Context(), r); !errors.Is(err, tokens.ErrUnknownToken) {
			t.Errorf("Lease() at another host = %v, want ErrUnknownToken", err)
		}
	})
}

func TestLearn_knows_the_owners_of_the_last_ten_thousand_ids(t *testing.T) {
	t.Parallel()
	at := func(i int) string { return fmt.Sprintf("https://api.github.com/repositories/%d/issues?page=2", i) }
	m, h := gitHubHost(t, gitHub("a", ""))
	h.Learn(mustParse(t, at(1)), "acme")
	if got := h.Owner(mustParse(t, "https://api.github.com/repos/acme/web"), nil); got != "" {
		t.Errorf("Owner() = %q though no token names owners", got)
	}
	if err := m.Add(seeing("b", "acme")); err != nil {
		t.Fatal(err)
	}
	if got := h.Owner(mustParse(t, at(1)), nil); got != "" {
		t.Errorf("Owner() = %q of what was not learned", got)
	}
	for i := range 10_001 {
		h.Learn(mustParse(t, at(i)), "acme")
	}
	h.Learn(mustParse(t, at(5)), "beta") // moved; it is as old as before
	h.Learn(mustParse(t, "https://evil.example/repositories/77777"), "acme")
	h.Learn(mustParse(t, at(77777)), "")
	for i, want := range map[int]string{0: "", 1: "acme", 5: "beta", 10_000: "acme", 77777: ""} {
		if got := h.Owner(mustParse(t, at(i)), nil); got != want {
			t.Errorf("owner of %d = %q, want %q", i, got, want)
		}
	}
	cloud := seeing("w", "acme", "{f7dba7f4}")
	cloud.Provider = tokens.Bitbucket
	if err := m.Add(cloud); err != nil {
		t.Fatal(err)
	}
	b := anyHost(t, m, tokens.Bitbucket)
	uuid := mustParse(t, "https://api.bitbucket.org/2.0/repositories/%7Bf7dba7f4%7D/web")
	if got := b.Owner(uuid, nil); got != "{f7dba7f4}" {
		t.Errorf("Owner() = %q of a UUID that a token may name", got)
	}
	b.Learn(uuid, "acme")
	if got := b.Owner(uuid, nil); got != "acme" {
		t.Errorf("Owner() = %q of a UUID that was learned", got)
	}
}
