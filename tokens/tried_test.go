package tokens_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// but returns a request of one call that does not wait, with the list.
func but(tried *tokens.Tried) tokens.Request {
	r := on("core")
	r.Tried = tried
	return r
}

func TestI8_A_limit_goes_to_another_account(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHub("a1", "a"), gitHub("a2", "a"), gitHub("b", ""))
	first := lease(t, h, on("core"))
	// Even if the account has something left by its numbers.
	first.Settle(left(5000, 5000, time.Hour))
	second := lease(t, h, but(triedAccounts(first)))
	if second.Label() != "b" || first.Label() == "b" {
		t.Errorf("leased %s and %s, want one of each account", first, second)
	}
	e := exhausted(t, h, but(triedAccounts(first, second)))
	if !e.ReadyAt.IsZero() {
		t.Errorf("ReadyAt is %v: waiting would not change what refused the call", e.ReadyAt)
	}
}

func TestI8_A_401_goes_to_another_token_also_of_the_same_account(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHub("a1", "a"), gitHub("a2", "a"))
	first := lease(t, h, on("core"))
	second := lease(t, h, but(triedTokens(first)))
	if first.Label() == second.Label() {
		t.Errorf("token %s was leased twice for one call", first)
	}
	exhausted(t, h, but(triedTokens(first, second)))
}

func TestI8_A_wait_empties_the_list(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""), gitHub("b", ""))
		a := tell(t, h, "core", spent(5000, time.Minute))
		b := tell(t, h, "core", spent(5000, time.Hour))
		tried := triedAccounts(a, b)
		r := waiting("core")
		r.Tried = tried
		got, took := wait(t, h, r)
		if got != a.Label() || took != time.Minute+time.Second {
			t.Errorf("leased %s after %v, want %s after the first reset", got, took, a)
		}
		// Now neither is excluded any more.
		if l := lease(t, h, but(tried)); l.Label() != a.Label() {
			t.Errorf("leased %s, want %s", l, a)
		}
	})
}

func TestI8_A_call_never_waits_for_what_refused_it_though_it_has_something_left(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""), gitHub("b", ""))
		a := tell(t, h, "core", left(5000, 5000, time.Hour))
		b := tell(t, h, "core", spent(5000, time.Minute))
		r := waiting("core")
		r.Tried = triedAccounts(a, b)
		got, took := wait(t, h, r)
		if got != b.Label() || took != time.Minute+time.Second {
			t.Errorf("leased %s after %v, want %s after its reset", got, took, b)
		}
		exhausted(t, h, but(triedAccounts(a, b)))
		// After the wait the list is empty.
		tell(t, h, "core", spent(5000, time.Minute)) // b, which is unknown and comes first
		if l := lease(t, h, but(r.Tried)); l.Label() != a.Label() {
			t.Errorf("leased %s, want %s", l, a)
		}
	})
}

func TestI8_Reset_empties_the_list(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHub("a", ""))
	l := lease(t, h, on("core"))
	tried := triedAccounts(l)
	tried.Token(l)
	exhausted(t, h, but(tried))
	tried.Reset()
	lease(t, h, but(tried))
}

// Those in line who may not use what is free do not keep it from the others.
func TestI8_A_waiter_lets_those_pass_who_can_use_what_it_may_not(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""), gitHub("b", ""))
		a := tell(t, h, "core", left(5000, 1, time.Hour))
		b := tell(t, h, "core", spent(5000, time.Minute))
		if a.Label() == b.Label() {
			t.Fatal("one token was leased twice")
		}
		r := waiting("core")
		r.Tried = triedAccounts(a)
		done := make(chan string)
		go func() {
			label, _ := wait(t, h, r)
			done <- label
		}()
		synctest.Wait()
		if label, took := wait(t, h, waiting("core")); label != a.Label() || took != 0 {
			t.Errorf("leased %s after %v, want %s at once", label, took, a)
		}
		if got := <-done; got != b.Label() {
			t.Errorf("the waiter got %s, want %s", got, b)
		}
	})
}

// What refused a waiter while it had something left, and rests by now, may
// serve it when the rest is over.
func TestI8_A_waiter_comes_back_to_what_has_begun_to_rest_meanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""), gitHub("b", ""))
		a := tell(t, h, "core", left(5000, 10, time.Hour))
		b := tell(t, h, "core", spent(5000, 30*time.Minute))
		r := waiting("core")
		r.Tried = triedAccounts(a, b)
		done := make(chan string)
		start := time.Now()
		go func() {
			label, _ := wait(t, h, r)
			done <- label
		}()
		synctest.Wait()
		tell(t, h, "core", after(refused(ratelimit.SecondaryLimit), time.Minute)) // account a
		if got, took := <-done, time.Since(start); got != a.Label() || took != time.Minute+time.Second {
			t.Errorf("leased %s after %v, want %s after a minute and a second", got, took, a)
		}
	})
}

func TestI8_A_call_waits_for_the_probe_of_a_token_it_has_not_tried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		m := manager(t, tokens.Config{Base: slowly(release, 200, `{}`)}, gitHub("a1", "a"), gitHub("a2", "a"))
		h := anyHost(t, m, tokens.GitHub)
		first := lease(t, h, on("core"))
		second := lease(t, h, on("core"))
		second.Settle(unauthorized("Bad credentials"))
		go second.Confirm(t.Context(), nil)
		synctest.Wait()
		r := waiting("core")
		r.Tried = triedTokens(first)
		done := make(chan string)
		go func() {
			label, _ := wait(t, h, r)
			done <- label
		}()
		synctest.Wait()
		close(release)
		if got := <-done; got != second.Label() {
			t.Errorf("leased %s, want %s", got, second)
		}
	})
}

// Of two calls that met a 401 with one token, the second waits for what the
// probe of the first says.
func TestI8_A_call_waits_for_the_probe_of_a_token_that_refused_it(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		m := manager(t, tokens.Config{Base: slowly(release, 200, `{}`)}, gitHub("a1", "a"), gitHub("a2", "a"))
		h := anyHost(t, m, tokens.GitHub)
		first := lease(t, h, on("core"))
		other := lease(t, h, on("core"))
		first.Settle(unauthorized("Bad credentials"))
		go first.Confirm(t.Context(), nil)
		synctest.Wait()
		if got := first.Confirm(t.Context(), nil); got != tokens.Suspect {
			t.Errorf("Confirm() = %v, want suspect while the probe is under way", got)
		}
		r := waiting("core")
		r.Tried = triedTokens(first, other)
		done := make(chan string)
		start := time.Now()
		go func() {
			label, _ := wait(t, h, r)
			done <- label
		}()
		synctest.Wait()
		close(release)
		if got := <-done; got != first.Label() || time.Since(start) != 0 {
			t.Errorf("leased %s after %v, want %s at once", got, time.Since(start), first)
		}
	})
}
