package quota_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/quota"
)

var send = quota.Operation("send_email")

func TestAllow_eleven_consumptions_at_bucket_size_10_make_two_calls(t *testing.T) {
	t.Parallel()
	c, w := client(t, server(t, email), quota.WithBucketSize(10))
	for i := range 11 {
		d := allow(t, c, "u", send, 1)
		if local := i%10 != 0; !d.Allowed || d.Local != local {
			t.Errorf("consumption %d: %+v, want allowed, local %v", i+1, d, local)
		}
		if want := (quota.BucketStatus{Remaining: 9 - i%10, Max: 10}); d.Bucket != want {
			t.Errorf("consumption %d: bucket %+v, want %+v", i+1, d.Bucket, want)
		}
	}
	if w.calls() != 2 {
		t.Errorf("%d calls, want 2", w.calls())
	}
	if got := w.bodies[0]; got["tokensRequested"] != 10.0 || got["tokensRequestedForDefaultBucketMatch"] != 1.0 {
		t.Errorf("asked for %v, want 10, and 1 of a default bucket", got)
	}
}

func TestAllow_keeps_buckets_of_users_and_rules_apart(t *testing.T) {
	t.Parallel()
	other := quota.RuleSpec{ID: "r2", Operation: "send_sms", RefillRate: 1, BurstRate: 5}
	c, w := client(t, server(t, email, other))
	for _, user := range []string{"u", "v"} {
		allow(t, c, user, send, 1)
		allow(t, c, user, quota.Operation("send_sms"), 2)
	}
	var got []int
	for _, b := range c.Buckets() {
		got = append(got, b.Remaining)
	}
	if len(got) != 4 || got[0] != 4 || got[1] != 3 || got[2] != 4 || got[3] != 3 || w.calls() != 4 {
		t.Errorf("buckets %v after %d calls, want [4 3 4 3] after 4", got, w.calls())
	}
	c.Reset()
	if n := len(c.Buckets()); n != 0 {
		t.Errorf("%d buckets after Reset, want none", n)
	}
	if d := allow(t, c, "u", send, 1); d.Local || w.calls() != 5 {
		t.Errorf("after Reset: %+v after %d calls, want a fetch", d, w.calls())
	}
}

func TestAllow_concurrent_callers_of_an_empty_bucket_cause_one_fetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, w := client(t, server(t, email), quota.WithBucketSize(20))
		w.delay = time.Second
		for range 2 { // with the rule unknown, then known
			var allowed, local atomic.Int64
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					d, err := c.Allow(t.Context(), "u", send)
					if err == nil && d.Allowed {
						allowed.Add(1)
					}
					if d.Local {
						local.Add(1)
					}
				})
			}
			wg.Wait()
			if allowed.Load() != 20 || local.Load() != 19 {
				t.Errorf("%d allowed, %d of them local, want 20 and 19", allowed.Load(), local.Load())
			}
		}
		if w.calls() != 2 {
			t.Errorf("%d calls, want one for each 20 tokens", w.calls())
		}
	})
}

func TestAllow_concurrent_callers_share_a_denial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, w := client(t, server(t, quota.RuleSpec{ID: "r", Operation: "send_email", RefillRate: 0.5, BurstRate: 2}))
		w.delay = time.Second
		var allowed atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				d, err := c.Allow(t.Context(), "u", send)
				switch {
				case err != nil:
					t.Error(err)
				case d.Allowed:
					allowed.Add(1)
				case d.RetryAfter != 2*time.Second:
					t.Errorf("%+v, want denied for 2s", d)
				}
			})
		}
		wg.Wait()
		if allowed.Load() != 2 || w.calls() != 1 {
			t.Errorf("%d allowed after %d calls, want 2 after 1", allowed.Load(), w.calls())
		}
	})
}

func TestAllow_no_fetched_token_is_lost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := server(t,
			quota.RuleSpec{ID: "all", Path: "/mail/.*", RefillRate: 0, BurstRate: 1000},
			quota.RuleSpec{ID: "op", Operation: "send_email", RefillRate: 0, BurstRate: 1000})
		c, w := client(t, s, quota.WithBucketSize(7))
		w.delay = time.Millisecond
		targets := []quota.Target{send, quota.Path("POST", "/mail/a"), quota.Path("GET", "/mail/b"), quota.Path("GET", "/mail/c")}
		var used atomic.Int64
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				for j := range 20 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%3+1)*400*time.Microsecond)
					n := (i+j)%3 + 1
					if d, err := c.AllowN(ctx, "u", targets[(i+j)%4], n); err == nil && d.Allowed {
						used.Add(int64(n))
					}
					cancel()
				}
			})
		}
		wg.Wait()
		time.Sleep(time.Second) // what is under way comes home
		held := 0
		for _, b := range c.Buckets() {
			held += b.Remaining
		}
		direct, _ := client(t, s)
		taken := 0
		for _, target := range targets[:2] {
			r, err := direct.Consume(t.Context(), quota.Request{User: "u", Tokens: 1, Target: target})
			if err != nil {
				t.Fatal(err)
			}
			taken += 1000 - r.Remaining - r.Consumed
		}
		if int(used.Load())+held != taken || used.Load() == 0 {
			t.Errorf("%d used and %d held of %d that the service gave", used.Load(), held, taken)
		}
	})
}

func TestAllow_keeps_what_a_caller_fetched_that_has_gone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, w := client(t, server(t, email))
		w.delay = time.Second
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := c.Allow(ctx, "u", send); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, quota.ErrQuota) {
			t.Errorf("Allow() = %v, want the context's error", err)
		}
		time.Sleep(2 * time.Second)
		d := allow(t, c, "u", send, 5)
		if !d.Local || w.calls() != 1 {
			t.Errorf("%+v after %d calls, want all 5 local after 1", d, w.calls())
		}
	})
}

func TestAllow_an_idle_bucket_is_gone_after_60_seconds_and_not_revived(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, w := client(t, server(t, email))
		allow(t, c, "u", send, 1)
		time.Sleep(59 * time.Second)
		if d := allow(t, c, "u", send, 1); !d.Local || d.Bucket.Remaining != 3 {
			t.Errorf("after 59 s: %+v, want local with 3 left", d)
		}
		time.Sleep(59 * time.Second)
		if n := len(c.Buckets()); n != 1 {
			t.Errorf("%d buckets 59 s after the last use, want 1", n)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(c.Buckets()); n != 0 {
			t.Errorf("%d buckets 60 s after the last use, want none", n)
		}
		if d := allow(t, c, "u", send, 1); d.Local || d.Bucket.Remaining != 4 || w.calls() != 2 {
			t.Errorf("after expiry: %+v after %d calls, want a new bucket with 4 left", d, w.calls())
		}
	})
}

// A sweep comes a second after the last at the earliest, and buckets expire in between.
func TestAllow_nothing_of_an_expired_bucket_is_used_before_it_is_swept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, w := client(t, server(t, email))
		allow(t, c, "u", send, 1)
		time.Sleep(500 * time.Millisecond)
		allow(t, c, "u", send, 1)
		time.Sleep(60 * time.Second)
		if n := len(c.Buckets()); n != 0 {
			t.Errorf("%d buckets 60 s after the last use, want none", n)
		}
		d := allow(t, c, "u", send, 1)
		if asked := w.bodies[len(w.bodies)-1]["tokensRequested"]; d.Local || d.Bucket.Remaining != 4 || w.calls() != 2 || asked != 5.0 {
			t.Errorf("%+v after %d calls, asked for %v, want a whole new bucket", d, w.calls(), asked)
		}
	})
}

func TestAllow_a_bucket_that_got_two_batches_says_so(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, w := client(t, server(t, quota.RuleSpec{ID: "p", Path: "/users/.*", RefillRate: 1, BurstRate: 50}))
		w.delay = time.Second
		var wg sync.WaitGroup
		for _, path := range []string{"/users/1", "/users/2"} { // nobody knows yet that one rule is for both
			wg.Go(func() { allow(t, c, "u", quota.Path("GET", path), 1) })
		}
		wg.Wait()
		got := c.Buckets()
		if len(got) != 1 || got[0].Remaining != 8 || got[0].Max != 9 {
			t.Errorf("%+v, want 8 of the 9 that there were", got)
		}
	})
}

func TestAllow_a_rule_that_is_known_later_takes_precedence_all_the_same(t *testing.T) {
	t.Parallel()
	c, _ := client(t, server(t,
		quota.RuleSpec{ID: "users", Path: "/users/.*", RefillRate: 1, BurstRate: 50},
		quota.RuleSpec{ID: "teens", Path: "/users/1.*", RefillRate: 1, BurstRate: 50}))
	allow(t, c, "u", quota.Path("GET", "/users/9"), 5) // all that was fetched
	allow(t, c, "u", quota.Path("GET", "/users/11"), 1)
	allow(t, c, "u", quota.Path("GET", "/users/9"), 1)
	held := remaining(c, "teens")
	if d := allow(t, c, "u", quota.Path("GET", "/users/12"), 1); !d.Local || remaining(c, "teens") != held-1 {
		t.Errorf("%+v, buckets %+v, want a local token of the longer rule", d, c.Buckets())
	}
}

func TestAllowN_takes_n_or_none(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rule := quota.RuleSpec{ID: "r", Operation: "send_email", RefillRate: 2, BurstRate: 8}
		c, w := client(t, server(t, rule))
		if d := allow(t, c, "u", send, 3); !d.Allowed || d.Bucket.Remaining != 2 {
			t.Fatalf("3 of 5: %+v", d)
		}
		if d := allow(t, c, "u", send, 4); !d.Allowed || d.Bucket.Remaining != 1 || w.bodies[1]["tokensRequested"] != 3.0 {
			t.Errorf("4 with 2 held: %+v, asked %v; want 3 fetched and 1 left", d, w.bodies[1])
		}
		// 1 is held, the service has none left: 4 more are 2 seconds away.
		d := allow(t, c, "u", send, 5)
		if d.Allowed || d.RetryAfter != 2*time.Second || d.Bucket.Remaining != 1 {
			t.Errorf("5 of 1: %+v, want denied for 2s with 1 kept", d)
		}
		time.Sleep(d.RetryAfter)
		if d := allow(t, c, "u", send, 5); !d.Allowed {
			t.Errorf("after RetryAfter: %+v, want allowed", d)
		}
		if _, err := c.AllowN(t.Context(), "u", send, 9); !errors.Is(err, quota.ErrBurst) || !errors.Is(err, quota.ErrQuota) {
			t.Errorf("9 of a burst of 8: %v, want ErrBurst", err)
		}
		if _, batch := w.bodies[len(w.bodies)-1]["tokensRequestedForDefaultBucketMatch"]; batch {
			t.Error("9 of a burst of 8 was asked for as a batch, which would fill the bucket above the burst")
		}
	})
}

func TestAllow_a_batch_never_exceeds_the_burst_of_the_rule(t *testing.T) {
	t.Parallel()
	small := quota.RuleSpec{ID: "r", Operation: "send_email", RefillRate: 1000, BurstRate: 3}
	synctest.Test(t, func(t *testing.T) {
		c, w := client(t, server(t, small), quota.WithBucketSize(10))
		for range 7 {
			time.Sleep(time.Second)
			if d := allow(t, c, "u", send, 1); !d.Allowed || d.Bucket.Max != 3 || d.Bucket.Remaining > 3 {
				t.Errorf("%+v, want at most 3", d)
			}
		}
		for _, b := range w.bodies[1:] {
			if b["tokensRequested"].(float64) > 3 {
				t.Errorf("asked for %v once the burst was known", b["tokensRequested"])
			}
		}
	})
}

func TestAllow_sizes_can_be_given_for_one_operation_or_path(t *testing.T) {
	t.Parallel()
	path := quota.RuleSpec{ID: "p", Path: "/x", RefillRate: 1, BurstRate: 100}
	c, w := client(t, server(t, email, path),
		quota.WithBucketSizeFor(send, 20), quota.WithBucketSizeFor(quota.Path("", "/x"), 0))
	allow(t, c, "u", send, 1)
	allow(t, c, "u", quota.Path("GET", "/x"), 1)
	allow(t, c, "u", quota.Path("GET", "/y"), 1)
	for i, want := range []float64{20, 1, 5} {
		if got := w.bodies[i]["tokensRequested"]; got != want {
			t.Errorf("request %d asked for %v, want %v", i+1, got, want)
		}
	}
	if _, partial := w.bodies[1]["tokensRequestedForDefaultBucketMatch"]; partial || len(c.Buckets()) != 1 {
		t.Errorf("with size 0 the client keeps a bucket: %v, %v", w.bodies[1], c.Buckets())
	}
	lower := quota.Target{Path: "/z", Method: "get"}
	if allow(t, c, "u", lower, 1); w.bodies[3]["httpMethod"] != "GET" {
		t.Errorf("sent method %v, want it in capitals", w.bodies[3]["httpMethod"])
	}
	c, w = client(t, server(t, email), quota.WithBucketSizeFor(quota.Target{}, 20))
	if allow(t, c, "u", send, 1); w.bodies[0]["tokensRequested"] != 5.0 {
		t.Errorf("asked for %v, want 5: the size of the default bucket is not that of an operation", w.bodies[0]["tokensRequested"])
	}
}

func TestAllow_the_default_bucket_has_no_local_one(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, w := client(t, server(t, email))
		for _, target := range []quota.Target{{}, quota.Operation("other"), quota.Path("GET", "/")} {
			for i := range 4 {
				d := allow(t, c, target.String(), target, 1)
				if d.Allowed != (i < 3) || d.Local || d.Bucket != (quota.BucketStatus{}) {
					t.Errorf("%v, call %d: %+v, want 3 allowed by the service", target, i+1, d)
				}
				if i == 3 && d.RetryAfter != time.Second {
					t.Errorf("%v: RetryAfter %v, want 1s", target, d.RetryAfter)
				}
			}
		}
		if w.calls() != 12 || len(c.Buckets()) != 0 {
			t.Errorf("%d calls and %d buckets, want 12 and none", w.calls(), len(c.Buckets()))
		}
	})
}

// In LightRate's clients send_email_bulk drew on the bucket of send_email.
func TestAllow_matches_whole_names_by_kind_method_and_precedence(t *testing.T) {
	t.Parallel()
	s := server(t,
		quota.RuleSpec{ID: "op", Operation: "send_email", RefillRate: 1, BurstRate: 50},
		quota.RuleSpec{ID: "ops", Operation: "send_.*", RefillRate: 1, BurstRate: 50},
		quota.RuleSpec{ID: "path", Path: "send_email", RefillRate: 1, BurstRate: 50},
		quota.RuleSpec{ID: "users", Path: "/users/.*", RefillRate: 1, BurstRate: 50},
		quota.RuleSpec{ID: "post", Path: "/users/.*", HTTPMethod: "post", RefillRate: 1, BurstRate: 50},
		quota.RuleSpec{ID: "me", Path: "/users/me", RefillRate: 1, BurstRate: 50},
		quota.RuleSpec{ID: "bad", Path: "/bad[", RefillRate: 1, BurstRate: 50})
	// A client cannot know of a rule before an answer names it: special ones first.
	want := []struct {
		target quota.Target
		id     string
	}{
		{quota.Operation("send_email"), "op"},
		{quota.Operation("send_email_bulk"), "ops"},
		{quota.Path("GET", "send_email"), "path"},
		{quota.Path("GET", "/users/me"), "me"},
		{quota.Path("POST", "/users/me"), "me"},
		{quota.Path("post", "/users/1"), "post"},
		{quota.Path("GET", "/users/1"), "users"},
		{quota.Path("GET", "/bad["), "bad"},
	}
	c, w := client(t, s, quota.WithBucketSize(10))
	for _, tt := range want {
		r, err := c.Consume(t.Context(), quota.Request{User: "direct", Tokens: 1, Target: tt.target})
		if err != nil || r.Rule.ID != tt.id {
			t.Errorf("the service finds %v under %q, %v, want %q", tt.target, r.Rule.ID, err, tt.id)
		}
		allow(t, c, "u", tt.target, 1)
	}
	before := w.calls()
	for _, tt := range want {
		held := remaining(c, tt.id)
		if d := allow(t, c, "u", tt.target, 1); !d.Local || remaining(c, tt.id) != held-1 {
			t.Errorf("%v: %+v, want a local token of %q", tt.target, d, tt.id)
		}
	}
	for target, id := range map[quota.Target]string{
		quota.Path("PUT", "/users/7"):  "users",
		quota.Path("POST", "/users/7"): "post",
		quota.Operation("send_other"):  "ops",
	} {
		held := remaining(c, id)
		if d := allow(t, c, "u", target, 1); !d.Local || remaining(c, id) != held-1 {
			t.Errorf("%v, never asked about: %+v, want a local token of %q", target, d, id)
		}
	}
	if w.calls() != before {
		t.Errorf("%d calls for what was known", w.calls()-before)
	}
	if d := allow(t, c, "u", quota.Operation("resend_email"), 1); d.Local {
		t.Error("resend_email drew on a bucket of send_…")
	}
}

func remaining(c *quota.Client, rule string) int {
	for _, b := range c.Buckets() {
		if b.User == "u" && b.Rule.ID == rule {
			return b.Remaining
		}
	}
	return -1
}

func TestAllow_an_answer_without_rule_is_kept_for_its_target_alone(t *testing.T) {
	t.Parallel()
	c, w := client(t, fixed(`{"tokensRemaining":5,"tokensConsumed":5}`))
	if d := allow(t, c, "u", send, 1); !d.Allowed {
		t.Errorf("%+v, want allowed", d)
	}
	if d := allow(t, c, "u", quota.Operation("other"), 1); d.Local {
		t.Error("another operation shares the tokens")
	}
	if d := allow(t, c, "u", send, 1); !d.Local || w.calls() != 2 || len(c.Buckets()) != 2 {
		t.Errorf("%+v after %d calls with %v, want the rest of the batch and two buckets", d, w.calls(), c.Buckets())
	}
}

func TestAllow_asks_for_less_where_the_service_gives_all_or_none(t *testing.T) {
	t.Parallel()
	all := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		const rule = `,"rule":{"id":"r","refillRate":1,"burstRate":3,"matcher":"send_email"}}`
		if r.ContentLength > 0 {
			var body = make([]byte, r.ContentLength)
			_, _ = r.Body.Read(body)
			if got := string(body); contains(got, `"tokensRequested":3,`) {
				_, _ = w.Write([]byte(`{"tokensRemaining":0,"tokensConsumed":3` + rule))
				return
			}
		}
		_, _ = w.Write([]byte(`{"tokensRemaining":3,"tokensConsumed":0` + rule))
	})
	for n := 1; n <= 3; n++ {
		c, w := client(t, all)
		if d := allow(t, c, "u", send, n); !d.Allowed || d.Bucket.Remaining != 3-n || w.calls() != 2 {
			t.Errorf("%d tokens: %+v after %d calls, want 3 fetched with the second", n, d, w.calls())
		}
	}
}

func TestAllow_follows_a_rule_that_the_service_changes(t *testing.T) {
	t.Parallel()
	s := server(t, quota.RuleSpec{ID: "r", Operation: "send_email", RefillRate: 0, BurstRate: 2})
	c, _ := client(t, s)
	allow(t, c, "u", send, 2)
	s.RemoveRule(app, "r")
	if d := allow(t, c, "u", send, 1); !d.Allowed || d.Bucket != (quota.BucketStatus{}) {
		t.Errorf("without the rule: %+v, want the default bucket", d)
	}
	if _, err := s.AddRule(app, quota.RuleSpec{ID: "new", Operation: "send_email", RefillRate: 0, BurstRate: 9}); err != nil {
		t.Fatal(err)
	}
	if d := allow(t, c, "u", send, 1); !d.Allowed || d.Bucket.Remaining != 4 {
		t.Errorf("with a new rule: %+v, want a bucket of it", d)
	}
	if d := allow(t, c, "u", send, 1); !d.Local {
		t.Errorf("with a new rule: %+v, want local", d)
	}
}
