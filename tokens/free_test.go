package tokens_test

import (
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

func TestI5_A_free_call_never_waits_and_takes_nothing(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", ""), gitHub("b", ""))
	for range 2 {
		tell(t, h, "core", spent(5000, time.Hour))
	}
	free := on("core")
	free.Draw.Units = 0
	first, second := lease(t, h, free), lease(t, h, free)
	if first.Label() == second.Label() {
		t.Errorf("both went to %s", first)
	}
	if got := lease(t, h, tokens.Request{Draw: free.Draw, Tried: triedAccounts(first)}).Label(); got != second.Label() {
		t.Errorf("token %s serves although its account was tried", got)
	}
	exhausted(t, h, tokens.Request{Draw: free.Draw, Tried: triedAccounts(first, second), MaxWait: -1})
	if got := status(t, m, "a"); got.State != tokens.Limited || got.Remaining.Or(-1) != 0 {
		t.Errorf("status is %v, want limited", got)
	}
}

func TestI5_Free_calls_take_turns_among_tokens_that_rest_by_priority_and_owner(t *testing.T) {
	t.Parallel()
	best := gitHub("d", "")
	best.Priority = 1
	m, h := gitHubHost(t, gitHub("a", ""), gitHub("b", ""), seeing("c", "acme"), best)
	for range 4 {
		tell(t, h, "core", spent(5000, time.Hour))
	}
	free := on("core")
	free.Draw.Units = 0
	if at, ok := h.ReadyFor(free); !ok || time.Until(at) > 0 {
		t.Errorf("ReadyFor() = in %v, %t, want now", time.Until(at), ok)
	}
	if got := lease(t, h, free).Label() + lease(t, h, free).Label(); got != "dd" {
		t.Errorf("served by %q, want the one with the highest priority", got)
	}
	if err := m.Disable(idOf(t, m, "d"), ""); err != nil {
		t.Fatal(err)
	}
	turns := map[string]int{}
	for range 6 {
		turns[lease(t, h, free).Label()]++
	}
	if turns["a"] != 2 || turns["b"] != 2 || turns["c"] != 2 {
		t.Errorf("served by %v, want each twice", turns)
	}
	free.Owner = "acme"
	lease(t, h, free).Settle(unauthorized("Bad credentials"))
	turns = map[string]int{}
	for range 4 {
		turns[lease(t, h, free).Label()]++
	}
	if len(turns) != 2 {
		t.Errorf("served by %v, want two, without the one that is suspect", turns)
	}
}
