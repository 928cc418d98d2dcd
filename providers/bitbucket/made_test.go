package bitbucket_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/transport"
	gobitbucket "github.com/ktrysmt/go-bitbucket"
)

func TestI13_MakeRefusal_becomes_go_bitbuckets_own_error(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, fleettest.Config{}, tokenA)
		b.transport.MaxWait, b.transport.Exhausted = -1, transport.MakeRefusal
		b.sim.SetRemaining(tokenA, api, 0)
		for call, arrived := range []int{1, 1} { // the first is refused by the host, the second by nobody but us
			start := time.Now()
			err := b.get(t, t.Context(), "repo-0001")
			var refused *gobitbucket.UnexpectedResponseStatusError
			if !errors.As(err, &refused) || refused.Status != "429 Too Many Requests" {
				t.Fatalf("call %d: %v, want go-bitbucket's error of a 429", call+1, err)
			}
			if n := b.sim.Stats().Requests; n != arrived || time.Since(start) != 0 {
				t.Errorf("call %d: %d requests after %v, want %d at once", call+1, n, time.Since(start), arrived)
			}
			if got := string(refused.Body); got != "Rate limit for this resource has been exceeded" {
				t.Errorf("call %d: body %q", call+1, got)
			}
		}
		b.wantClean(t)
	})
}
