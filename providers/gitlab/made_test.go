//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab_test

import (
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/transport"
	gogitlab "github.com/xanzy/go-gitlab"
)

func TestI13_MakeRefusal_becomes_go_gitlabs_own_ErrorResponse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		toNextMinute()
		b := newBench(t, fleettest.Config{}, tokenA)
		b.transport.MaxWait, b.transport.Exhausted = -1, transport.MakeRefusal
		b.sim.SetRemaining(tokenA, throttle, 1)
		get := func() error {
			_, _, err := b.client.Projects.GetProject("acme/repo-0001", nil, gogitlab.WithContext(t.Context()))
			return err
		}
		if err := get(); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		err := get()
		var refused *gogitlab.ErrorResponse
		if !errors.As(err, &refused) || refused.Response.StatusCode != 429 {
			t.Fatalf("GetProject() = %v, want an ErrorResponse with 429", err)
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("it took %v: go-gitlab has slept on it", d)
		}
		after, _ := strconv.Atoi(refused.Response.Header.Get("Retry-After"))
		if after != 61 || refused.Response.Header.Get("RateLimit-Remaining") != "0" {
			t.Errorf("header %v, want a minute and a second", refused.Response.Header)
		}
		b.wantLog(t, "1:200")
		time.Sleep(time.Duration(after) * time.Second)
		if err := get(); err != nil {
			t.Errorf("at the time that was told: %v", err)
		}
	})
}
