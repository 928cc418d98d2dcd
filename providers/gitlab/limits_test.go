//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab_test

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
	gogitlab "github.com/xanzy/go-gitlab"
)

func TestI8_go_gitlab_goes_on_with_the_second_token_once_the_first_is_spent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		toNextMinute()
		b := newBench(t, fleettest.Config{})
		b.sim.SetRemaining(tokenA, throttle, 1) // its answer says that nothing remains
		for range 4 {
			if _, _, err := b.client.Projects.GetProject("acme/repo-0001", nil, gogitlab.WithContext(t.Context())); err != nil {
				t.Fatal(err)
			}
		}
		b.wantLog(t, "1:200 2:200 2:200 2:200")
	})
}

// A refusal costs the user nothing: one call, and another token for it.
func TestI8_go_gitlab_sends_a_refused_call_again_with_the_other_token(t *testing.T) {
	t.Parallel()
	refusals := map[string]struct {
		prepare func(*fleettest.GitLab)
		want    string // what arrives before the second token's request
	}{
		"429 of the throttle": {func(s *fleettest.GitLab) { s.SetRemaining(tokenA, throttle, 0) }, "1:429"},
		"429 of a route, with Retry-After": {func(s *fleettest.GitLab) {
			s.Inject(fleettest.GitLabTooManyRequests(time.Minute))
		}, "1:429"},
		"429 of a route, without": {func(s *fleettest.GitLab) {
			f := fleettest.GitLabTooManyRequests(0)
			f.Header = nil
			s.Inject(f)
		}, "1:429"},
		"401, the token is dead": {func(s *fleettest.GitLab) { s.Revoke(tokenA) }, "0:401 0:401"},
		"401, only once": {func(s *fleettest.GitLab) {
			s.Inject(fleettest.Fault{Status: http.StatusUnauthorized, Body: `{"message":"401 Unauthorized"}`})
		}, "1:401 1:200"},
	}
	for name, tt := range refusals {
		t.Run(name+", GET", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				toNextMinute()
				b := newBench(t, fleettest.Config{})
				tt.prepare(b.sim)
				start := time.Now()
				p, _, err := b.client.Projects.GetProject("acme/repo-0002", nil)
				if err != nil || p.PathWithNamespace != "acme/repo-0002" {
					t.Fatalf("GetProject() = %v, %v", p, err)
				}
				if d := time.Since(start); d != 0 {
					t.Errorf("it took %v, want no wait", d)
				}
				b.wantLog(t, tt.want+" 2:200")
			})
		})
		t.Run(name+", POST", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				toNextMinute()
				b := newBench(t, fleettest.Config{})
				tt.prepare(b.sim)
				opts := &gogitlab.CreateIssueOptions{Title: gogitlab.Ptr("It broke"), Description: gogitlab.Ptr("Here: „ä“ & so on")}
				if _, _, err := b.client.Issues.CreateIssue("acme/repo-0001", opts); err != nil {
					t.Fatal(err)
				}
				made := b.sim.Issues()
				if len(made) != 1 || made[0].Title != "It broke" || made[0].Body != "Here: „ä“ & so on" || made[0].Account != "user-2" {
					t.Errorf("issues %+v, want one by user-2 with its whole text", made)
				}
				b.wantLog(t, tt.want+" 2:201")
			})
		})
	}
}

// go-gitlab by itself would send each of these six times.
func TestI8_I14_go_gitlab_makes_one_attempt_a_call(t *testing.T) {
	t.Parallel()
	for _, status := range []int{500, 502, 503} {
		synctest.Test(t, func(t *testing.T) {
			toNextMinute()
			b := newBench(t, fleettest.Config{})
			b.sim.Inject(fleettest.Fault{Status: status, Times: -1})
			start := time.Now()
			_, _, err := b.client.Projects.GetProject("acme/repo-0001", nil)
			var told *gogitlab.ErrorResponse
			if !errors.As(err, &told) || told.Response.StatusCode != status {
				t.Errorf("GetProject() = %v, want go-gitlab's error for %d", err, status)
			}
			_, _, err = b.client.Issues.CreateIssue("acme/repo-0001", &gogitlab.CreateIssueOptions{Title: gogitlab.Ptr("x")})
			if !errors.As(err, &told) || time.Since(start) != 0 {
				t.Errorf("CreateIssue() = %v after %v, want an error at once", err, time.Since(start))
			}
			if n := len(b.sim.Requests()); n != 2 {
				t.Errorf("%d requests for 2 calls", n)
			}
			b.wantClean(t)
		})
	}
}

// A limit of 60 makes go-gitlab by itself send two calls in three seconds.
func TestI14_go_gitlab_is_not_paced_by_its_own_limiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		toNextMinute()
		const latency = 20 * time.Millisecond
		b := newBench(t, fleettest.Config{Limit: 60, Latency: latency})
		start := time.Now()
		for range 100 {
			if _, _, err := b.client.Projects.GetProject("acme/repo-0001", nil); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 100*latency {
			t.Errorf("100 calls took %v, want their latency, %v", took, 100*latency)
		}
		b.wantClean(t)
	})
}

func TestI9_go_gitlab_waits_for_the_first_reset_and_goes_on(t *testing.T) {
	t.Parallel()
	for name, secrets := range map[string][]string{"two tokens": {tokenA, tokenB}, "one token": {tokenA}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				toNextMinute()
				time.Sleep(17 * time.Second)
				b := newBench(t, fleettest.Config{}, secrets...)
				pipe := b.sim.ServePipe() // net/http on both sides
				defer pipe.Close()
				b.over(t, pipe.Transport(), "", secrets...)
				for _, s := range secrets {
					b.sim.SetRemaining(s, throttle, 0)
				}
				start := time.Now()
				if _, _, err := b.client.Projects.GetProject("acme/repo-0001", nil); err != nil {
					t.Fatal(err)
				}
				// GitLab's minutes are the clock's; a second is our margin.
				if took := time.Since(start); took < 44*time.Second || took > 45*time.Second {
					t.Errorf("it took %v, want the 43 s to the next minute and a second", took)
				}
				if n := len(b.sim.Requests()); n != len(secrets)+1 {
					t.Errorf("%d requests, want one refusal for each token and the answer", n)
				}
				b.wantClean(t)
			})
		})
	}
}

func TestI9_I13_go_gitlab_is_told_at_once_when_the_deadline_comes_first(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		toNextMinute()
		b := newBench(t, fleettest.Config{})
		b.sim.SetRemaining(tokenA, throttle, 0)
		b.sim.SetRemaining(tokenB, throttle, 0)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()

		_, _, err := b.client.Projects.GetProject("acme/repo-0001", nil, gogitlab.WithContext(ctx))
		var refused *gogitlab.ErrorResponse
		if !errors.As(err, &refused) || refused.Response.StatusCode != http.StatusTooManyRequests {
			t.Fatalf("the call that met the limit: %v, want go-gitlab's own error for a 429", err)
		}
		if got := refused.Response.Header.Get("Retry-After"); got != "61" {
			t.Errorf("Retry-After %q, want 61: when the manager is ready", got)
		}

		_, _, err = b.client.Projects.GetProject("acme/repo-0001", nil, gogitlab.WithContext(ctx))
		var exhausted *tokens.ExhaustedError
		if !errors.As(err, &exhausted) || !errors.Is(err, tokens.ErrRateLimited) {
			t.Fatalf("the next call: %v, want an ExhaustedError", err)
		}
		if want := start.Add(61 * time.Second); !exhausted.ReadyAt.Equal(want) {
			t.Errorf("ReadyAt %v, want %v", exhausted.ReadyAt, want)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("it took %v, want no wait", took)
		}
		b.wantLog(t, "1:429 2:429")
	})
}

func TestI9_a_cancelled_context_stops_go_gitlab(t *testing.T) {
	t.Parallel()
	t.Run("while it waits for a token", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			toNextMinute()
			b := newBench(t, fleettest.Config{})
			b.sim.SetRemaining(tokenA, throttle, 0)
			b.sim.SetRemaining(tokenB, throttle, 0)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(5*time.Second, cancel)
			start := time.Now()
			_, _, err := b.client.Projects.GetProject("acme/repo-0001", nil, gogitlab.WithContext(ctx))
			if !errors.Is(err, context.Canceled) || time.Since(start) != 5*time.Second {
				t.Errorf("GetProject() = %v after %v, want %v after 5s", err, time.Since(start), context.Canceled)
			}
			b.wantClean(t)
		})
	})
	t.Run("while the host is at work", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, fleettest.Config{Latency: time.Minute})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, _, err := b.client.Projects.GetProject("acme/repo-0001", nil, gogitlab.WithContext(ctx))
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("GetProject() = %v, want %v", err, context.DeadlineExceeded)
			}
		})
	})
	t.Run("between pages", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, fleettest.Config{Organizations: []fleettest.Owner{{Login: "acme", Repositories: 90}}})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			opts := &gogitlab.ListGroupProjectsOptions{}
			var err error
			for pages := 0; err == nil; pages++ {
				var resp *gogitlab.Response
				if _, resp, err = b.client.Groups.ListGroupProjects("acme", opts, gogitlab.WithContext(ctx)); err == nil {
					opts.Page = resp.NextPage
				}
				if pages == 1 {
					cancel()
				}
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("ListGroupProjects() = %v, want %v", err, context.Canceled)
			}
			if n := len(b.sim.Requests()); n != 2 {
				t.Errorf("%d pages were asked for, want 2", n)
			}
			b.wantClean(t)
		})
	})
}

func TestI5_go_gitlab_in_200_goroutines_sends_no_more_than_is_left(t *testing.T) {
	t.Parallel()
	t.Run("50 left", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			toNextMinute()
			b := newBench(t, fleettest.Config{Latency: 10 * time.Millisecond}, tokenA)
			b.transport.MaxWait = -1
			b.sim.SetRemaining(tokenA, throttle, 51)
			if _, _, err := b.client.Projects.GetProject("acme/repo-0001", nil); err != nil {
				t.Fatal(err)
			}
			served, refused := b.crowd(200)
			if stats := b.sim.Stats(); served != 50 || refused != 150 || stats.Requests != 51 || stats.RefusedPrimary != 0 {
				t.Errorf("%d served, %d told so, %d requests, %d of them refused; want 50, 150, 51, 0",
					served, refused, stats.Requests, stats.RefusedPrimary)
			}
			b.wantClean(t)
		})
	})
	t.Run("nothing is known", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			toNextMinute()
			b := newBench(t, fleettest.Config{Latency: 10 * time.Millisecond}, tokenA)
			time.AfterFunc(5*time.Millisecond, func() {
				if n := len(b.sim.Requests()); n != 5 {
					t.Errorf("%d requests before the first answer, want 5", n)
				}
			})
			if served, refused := b.crowd(200); served != 200 || refused != 0 {
				t.Errorf("%d served, %d told no, want all 200 served", served, refused)
			}
			b.wantClean(t)
		})
	})
}

// crowd makes n calls at once and returns how many were served and how many
// were told that every token is spent.
func (b *bench) crowd(n int) (served, refused int64) {
	var yes, no atomic.Int64
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			_, _, err := b.client.Users.CurrentUser()
			switch {
			case err == nil:
				yes.Add(1)
			case errors.Is(err, tokens.ErrRateLimited):
				no.Add(1)
			}
		})
	}
	all.Wait()
	return yes.Load(), no.Load()
}
