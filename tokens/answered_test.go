package tokens_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestI7_Answered_reads_the_answer_and_settles_the_lease_with_it(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", ""))
	l := lease(t, h, on("core"))
	before := time.Now()
	asked := ratelimit.Request{Method: http.MethodGet, URL: mustParse(t, "https://api.github.com/user")}
	answer := ratelimit.Response{Status: http.StatusOK, Header: http.Header{
		"X-Ratelimit-Limit": {"5000"}, "X-Ratelimit-Remaining": {"4321"}, "X-Ratelimit-Reset": {"4102444800"},
	}}
	got := l.Answered(asked, answer)
	if got.At.Before(before) || got != h.Dialect().Observe(asked, answer, got.At) {
		t.Errorf("Answered() = %+v, want what Observe tells now", got)
	}
	s := status(t, m, "a")
	if left, _ := s.Remaining.Get(); left != 4321 || s.InFlight != 0 {
		t.Errorf("%d left with %d requests under way, want 4321 with none", left, s.InFlight)
	}
}

func TestLease_the_zero_Lease_reads_no_answer(t *testing.T) {
	t.Parallel()
	var l tokens.Lease
	if got := l.Answered(ratelimit.Request{}, ratelimit.Response{Status: http.StatusOK}); got != (ratelimit.Observation{}) {
		t.Errorf("Answered() = %+v, want nothing", got)
	}
}
