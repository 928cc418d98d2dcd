package fleettest_test

import (
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/google/go-cmp/cmp"
	"github.com/ktrysmt/go-bitbucket"
)

func TestBitbucket_refusal_says_nothing_but_that(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("bucket-refusal")
		sim := fleettest.NewBitbucket(fleettest.Config{Tokens: []string{token}, Limit: 1})
		bucketGet(t, sim, token, "/user")
		r := bucketGet(t, sim, token, "/user")
		if r.status != 429 || r.body != "Rate limit for this resource has been exceeded" {
			t.Errorf("%d %q", r.status, r.body)
		}
		want := http.Header{"Content-Type": {"text/plain"}, "Content-Length": {"46"}, "Date": {"Sat, 01 Jan 2000 00:00:00 GMT"}}
		if diff := cmp.Diff(want, r.header); diff != "" {
			t.Errorf("headers (-want +got):\n%s", diff)
		}
		_, err := bucketClient(t, token, sim, bucketAPI).User.Profile()
		var refused *bitbucket.UnexpectedResponseStatusError
		if !errors.As(err, &refused) || refused.StatusCode != 429 {
			t.Errorf("go-bitbucket says %v", err)
		}
		if got := sim.Stats().RefusedPrimary; got != 2 {
			t.Errorf("counted %d refusals, want 2", got)
		}
	})
}

func TestBitbucket_hour_gives_each_call_back_by_itself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("bucket-rolling")
		sim := fleettest.NewBitbucket(fleettest.Config{Tokens: []string{token}, Limit: 4})
		for range 4 { // at 0, 10, 20 and 30 minutes
			if got := bucketGet(t, sim, token, "/user").status; got != 200 {
				t.Fatalf("status %d, want 200", got)
			}
			time.Sleep(10 * time.Minute)
		}
		var served []int
		for minute := 40; minute < 120; minute++ {
			if bucketGet(t, sim, token, "/user").status == 200 {
				served = append(served, minute)
			}
			time.Sleep(time.Minute)
		}
		if want := []int{60, 70, 80, 90}; !cmp.Equal(served, want) {
			t.Errorf("served at minutes %v, want %v", served, want)
		}
	})
}

func TestBitbucket_has_no_window_to_wait_for(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("bucket-edge")
		sim := fleettest.NewBitbucket(fleettest.Config{Tokens: []string{token}})
		time.Sleep(59 * time.Minute) // a full hour of the clock is near
		for range 1000 {
			bucketGet(t, sim, token, "/user")
		}
		time.Sleep(time.Hour - time.Nanosecond)
		if got := bucketGet(t, sim, token, "/user").status; got != 429 {
			t.Errorf("just before an hour is over: status %d, want 429", got)
		}
		time.Sleep(time.Nanosecond)
		if got := bucketGet(t, sim, token, "/user").status; got != 200 {
			t.Errorf("an hour later: status %d, want 200", got)
		}
	})
}

func TestBitbucket_tells_access_tokens_the_ceiling_only(t *testing.T) {
	t.Parallel()
	token, scaled := canary.Token("bucket-told"), canary.Token("bucket-scaled")
	sim := fleettest.NewBitbucket(fleettest.Config{
		Tokens: []string{token}, Accounts: []fleettest.Account{{Tokens: []string{scaled}, Limit: 10_000}},
	})
	told := func(r reply) []string {
		var got []string
		for _, name := range []string{"X-RateLimit-Limit", "X-RateLimit-Resource", "X-RateLimit-NearLimit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After"} {
			got = append(got, r.header.Get(name))
		}
		return got
	}
	tests := []struct {
		name  string
		spend int
		token string
		want  []string
	}{
		{"far from it", 0, token, []string{"1000", "api", "false", "", "", ""}},
		{"near", 800, token, []string{"1000", "api", "true", "", "", ""}},
		{"a paid workspace's", 0, scaled, []string{"10000", "api", "false", "", "", ""}},
	}
	for _, tt := range tests {
		sim.Spend(tt.token, "", tt.spend)
		if got := told(bucketGet(t, sim, tt.token, "/repositories/none")); !cmp.Equal(got, tt.want) {
			t.Errorf("%s: told %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := told(bucketGet(t, sim, "", "/repositories/none")); got[0] != "" {
		t.Errorf("the public is told %q", got)
	}
	free := fleettest.NewBitbucket(fleettest.Config{Tokens: []string{token}, Limit: -1})
	for range 1100 {
		if r := bucketGet(t, free, token, "/user"); r.status != 200 || r.header.Get("X-RateLimit-Limit") != "" {
			t.Fatalf("without a limit: %d, told %q", r.status, told(r))
		}
	}
}

func TestBitbucket_refuses_a_token_with_one_text_for_three_causes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		revoked, expired, workspace := canary.Token("bucket-revoked"), canary.Token("bucket-expired"), canary.Token("bucket-ws")
		sim := fleettest.NewBitbucket(fleettest.Config{
			Tokens:        []string{revoked, expired},
			Accounts:      []fleettest.Account{{Login: "bot", Tokens: []string{workspace}, Installation: true}},
			Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1, Private: 1}},
		})
		sim.Revoke(revoked)
		sim.Expire(expired, time.Now())
		const want = `{"type":"error","error":{"message":"Token is invalid, expired, or not supported for this endpoint."}}`
		for name, token := range map[string]string{"revoked": revoked, "expired": expired, "unknown": canary.Token("bucket-none"), "access token of a workspace": workspace} {
			if r := bucketGet(t, sim, token, "/user"); r.status != 401 || r.body != want {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		}
		if r := bucketGet(t, sim, workspace, "/repositories/acme?pagelen=1"); r.status != 200 || r.field(t, "size") != 1.0 {
			t.Errorf("the workspace's repositories: %d %.80s", r.status, r.body)
		}
		if got := sim.Stats().Unauthorized; got != 3 {
			t.Errorf("counted %d unauthorized, want 3", got)
		}
		sim.Restore(revoked)
		if got := bucketGet(t, sim, revoked, "/user").status; got != 200 {
			t.Errorf("restored: status %d, want 200", got)
		}
	})
}

func TestBitbucket_gives_an_address_without_token_sixty_calls(t *testing.T) {
	t.Parallel()
	sim := bucket(canary.Token("bucket-address"))
	for range 60 {
		if got := bucketGet(t, sim, "", "/repositories/acme?pagelen=1").status; got != 200 {
			t.Fatalf("status %d, want 200", got)
		}
	}
	if got := bucketGet(t, sim, "", "/repositories/acme").status; got != 429 {
		t.Errorf("call 61: status %d, want 429", got)
	}
}

func TestBitbucket_never_serves_more_than_the_limit(t *testing.T) {
	t.Parallel()
	const limit, callers, each = 100, 64, 10
	token := canary.Token("bucket-race")
	sim := fleettest.NewBitbucket(fleettest.Config{Tokens: []string{token}, Limit: limit})
	var served, refused atomic.Int64
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range each {
				switch bucketGet(t, sim, token, "/user").status {
				case 200:
					served.Add(1)
				case 429:
					refused.Add(1)
				}
			}
		})
	}
	all.Wait()
	if served.Load() != limit || refused.Load() != callers*each-limit {
		t.Errorf("served %d and refused %d, want %d and %d", served.Load(), refused.Load(), limit, callers*each-limit)
	}
}

func TestBitbucket_another_program_may_spend_the_account(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("bucket-spend")
		sim := fleettest.NewBitbucket(fleettest.Config{Tokens: []string{token}, Limit: 10})
		served := func() (n int) {
			for bucketGet(t, sim, token, "/user").status == 200 {
				n++
			}
			return n
		}
		sim.Spend(token, "api", 4)
		if got := served(); got != 6 {
			t.Errorf("after Spend: %d were served, want 6", got)
		}
		time.Sleep(30 * time.Minute)
		sim.SetRemaining(token, "", 3)
		if got := served(); got != 3 {
			t.Errorf("after SetRemaining: %d were served, want 3", got)
		}
		time.Sleep(59 * time.Minute)
		if got := served(); got != 0 {
			t.Errorf("59 minutes later: %d were served, want 0", got)
		}
		sim.Spend(token, "", 100)
		time.Sleep(time.Minute)
		if got := served(); got != 10 {
			t.Errorf("an hour later: %d were served, want 10", got)
		}
	})
}
