package bitbucket_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/tokens"
	gobitbucket "github.com/ktrysmt/go-bitbucket"
)

// Bitbucket tells nobody that nothing remains, so that the first token's
// refusal is what it is known by; from then on it rests.
func TestI8_go_bitbucket_goes_on_with_the_second_token_once_the_first_is_spent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, fleettest.Config{})
		b.sim.SetRemaining(tokenA, api, 1)
		for range 5 {
			if err := b.get(t, t.Context(), "repo-0001"); err != nil {
				t.Fatal(err)
			}
		}
		b.wantLog(t, "1:200 2:200 1:429 2:200 2:200 2:200")
	})
}

func TestI8_go_bitbucket_sends_a_refused_call_again_with_the_other_token(t *testing.T) {
	t.Parallel()
	refusals := map[string]struct {
		prepare func(*fleettest.Bitbucket)
		want    string // what arrives before the second token's request
	}{
		"429": {func(s *fleettest.Bitbucket) { s.SetRemaining(tokenA, api, 0) }, "1:429"},
		"429 with Retry-After": {func(s *fleettest.Bitbucket) {
			s.Inject(fleettest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"30"}}})
		}, "1:429"},
		"401, the token is dead": {func(s *fleettest.Bitbucket) { s.Revoke(tokenA) }, "0:401 0:401"},
		"401, only once": {func(s *fleettest.Bitbucket) {
			s.Inject(fleettest.Fault{Status: http.StatusUnauthorized, Body: `{"type":"error","error":{"message":"Token is invalid"}}`})
		}, "1:401 1:200"},
	}
	for name, tt := range refusals {
		t.Run(name+", GET", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, fleettest.Config{})
				tt.prepare(b.sim)
				start := time.Now()
				if err := b.get(t, t.Context(), "repo-0002"); err != nil || time.Since(start) != 0 {
					t.Errorf("Get() = %v after %v, want no wait", err, time.Since(start))
				}
				b.wantLog(t, tt.want+" 2:200")
			})
		})
		t.Run(name+", POST", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, fleettest.Config{})
				tt.prepare(b.sim)
				if err := b.propose(t, t.Context()); err != nil {
					t.Fatal(err)
				}
				made := b.sim.PullRequests()
				if len(made) != 1 || made[0].Title != "Mend it" || made[0].Body != "Here: „ä“ & so on" || made[0].Account != "user-2" {
					t.Errorf("pull requests %+v, want one by user-2 with its whole text", made)
				}
				b.wantLog(t, tt.want+" 2:201")
			})
		})
		t.Run(name+", in the middle of a list", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, fleettest.Config{Organizations: []fleettest.Owner{{Login: "acme", Repositories: 250}}})
				tt.prepare(b.sim)
				if n, err := b.list(t, t.Context()); err != nil || n != 250 {
					t.Errorf("ListForAccount() = %d repositories, %v; want 250", n, err)
				}
				b.wantClean(t)
			})
		})
	}
}

func TestI8_go_bitbucket_makes_one_attempt_after_a_server_error(t *testing.T) {
	t.Parallel()
	b := newBench(t, fleettest.Config{})
	b.sim.Inject(fleettest.Fault{Status: http.StatusBadGateway, Times: -1})
	var told *gobitbucket.UnexpectedResponseStatusError
	if err := b.get(t, t.Context(), "repo-0001"); !errors.As(err, &told) || told.StatusCode != http.StatusBadGateway {
		t.Errorf("Get() = %v, want go-bitbucket's error for 502", err)
	}
	if err := b.propose(t, t.Context()); !errors.As(err, &told) {
		t.Errorf("Create() = %v, want go-bitbucket's error for 502", err)
	}
	if n := len(b.sim.Requests()); n != 2 {
		t.Errorf("%d requests for 2 calls", n)
	}
	b.wantClean(t)
}

// A 429 of Bitbucket's names no time, and calls come back one by one when they
// are an hour old.
func TestI10_go_bitbucket_backs_off_until_a_call_comes_back(t *testing.T) {
	t.Parallel()
	for name, secrets := range map[string][]string{"two tokens": {tokenA, tokenB}, "one token": {tokenA}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, fleettest.Config{}, secrets...)
				pipe := b.sim.ServePipe() // net/http on both sides
				defer pipe.Close()
				b.over(t, pipe.Transport(), secrets...)
				for _, s := range secrets {
					b.sim.SetRemaining(s, api, 0)
				}
				time.Sleep(57 * time.Minute)
				start := time.Now()
				if err := b.get(t, t.Context(), "repo-0001"); err != nil {
					t.Fatal(err)
				}
				// 60 s, 120 s, and if need be 240 s, each up to a quarter longer.
				if took := time.Since(start); took < 3*time.Minute || took > 9*time.Minute {
					t.Errorf("it took %v, want two or three pauses of the backoff", took)
				}
				if n := len(b.sim.Requests()); n > 4*len(secrets) {
					t.Errorf("%d requests, want at most %d", n, 4*len(secrets))
				}
				b.wantClean(t)
			})
		})
	}
}

func TestI9_I13_go_bitbucket_is_told_at_once_when_the_deadline_comes_first(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, fleettest.Config{})
		b.sim.SetRemaining(tokenA, api, 0)
		b.sim.SetRemaining(tokenB, api, 0)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()

		var refused *gobitbucket.UnexpectedResponseStatusError
		if err := b.get(t, ctx, "repo-0001"); !errors.As(err, &refused) || refused.StatusCode != http.StatusTooManyRequests {
			t.Fatalf("the call that met the limit: %v, want go-bitbucket's own error for a 429", err)
		}
		if got := string(refused.Body); got != "Rate limit for this resource has been exceeded" {
			t.Errorf("its body is %q", got)
		}
		err := b.get(t, ctx, "repo-0001")
		var exhausted *tokens.ExhaustedError
		if !errors.As(err, &exhausted) || !errors.Is(err, tokens.ErrRateLimited) {
			t.Fatalf("the next call: %v, want an ExhaustedError", err)
		}
		if in := exhausted.ReadyAt.Sub(start); in < time.Minute || in > 76*time.Second {
			t.Errorf("ReadyAt is in %v, want a minute and at most a quarter more", in)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("it took %v, want no wait", took)
		}
		b.wantLog(t, "1:429 2:429")
	})
}

// go-bitbucket drops the contexts it is given; Bind brings them to the wire.
func TestI14_a_cancelled_context_stops_go_bitbucket(t *testing.T) {
	t.Parallel()
	calls := map[string]func(*bench, *testing.T, context.Context) error{
		"Get":    func(b *bench, t *testing.T, ctx context.Context) error { return b.get(t, ctx, "repo-0001") },
		"Create": func(b *bench, t *testing.T, ctx context.Context) error { return b.propose(t, ctx) },
		"List": func(b *bench, t *testing.T, ctx context.Context) error {
			_, err := b.list(t, ctx)
			return err
		},
	}
	for name, call := range calls {
		t.Run(name+" while it waits for a token", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, fleettest.Config{})
				b.sim.SetRemaining(tokenA, api, 0)
				b.sim.SetRemaining(tokenB, api, 0)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(5*time.Second, cancel)
				start := time.Now()
				if err := call(b, t, ctx); !errors.Is(err, context.Canceled) || time.Since(start) != 5*time.Second {
					t.Errorf("%v after %v, want %v after 5s", err, time.Since(start), context.Canceled)
				}
				b.wantClean(t)
			})
		})
		t.Run(name+" while the host is at work", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, fleettest.Config{Latency: time.Minute})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				if err := call(b, t, ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
					t.Errorf("%v after %v, want %v after 1s", err, time.Since(start), context.DeadlineExceeded)
				}
			})
		})
		t.Run(name+" before it begins", func(t *testing.T) {
			t.Parallel()
			b := newBench(t, fleettest.Config{})
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := call(b, t, ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want %v", err, context.Canceled)
			}
			b.wantLog(t, "")
		})
	}
	t.Run("between pages", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, fleettest.Config{
				Organizations: []fleettest.Owner{{Login: "acme", Repositories: 950}}, Latency: time.Second,
			})
			ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
			defer cancel()
			if _, err := b.list(t, ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("ListForAccount() = %v, want %v", err, context.DeadlineExceeded)
			}
			if n := len(b.sim.Requests()); n != 3 {
				t.Errorf("%d pages were asked for, want 3: two that came and the one that was ended", n)
			}
			b.wantClean(t)
		})
	})
}

func TestI5_go_bitbucket_in_200_goroutines_sends_few_at_a_time_until_the_first_answer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, fleettest.Config{Latency: 10 * time.Millisecond}, tokenA)
		time.AfterFunc(5*time.Millisecond, func() {
			if n := len(b.sim.Requests()); n != 5 {
				t.Errorf("%d requests before the first answer, want 5", n)
			}
		})
		var failed atomic.Int64
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				if err := b.get(t, t.Context(), "repo-0001"); err != nil {
					failed.Add(1)
				}
			})
		}
		all.Wait()
		stats := b.sim.Stats()
		if failed.Load() != 0 || stats.Requests != 200 || stats.RefusedPrimary != 0 || stats.MaxInFlight > tokens.DefaultMaxInFlight {
			t.Errorf("%d failed, %d requests, %d refused, %d at a time; want 0, 200, 0, at most %d",
				failed.Load(), stats.Requests, stats.RefusedPrimary, stats.MaxInFlight, tokens.DefaultMaxInFlight)
		}
		b.wantClean(t)
	})
}
