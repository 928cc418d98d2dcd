package quota_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/quota"
)

// ask consumes tokens of the default bucket.
func ask(t testing.TB, c *quota.Client, n int) quota.Result {
	t.Helper()
	r, err := c.Consume(t.Context(), quota.Request{User: "u", Tokens: n})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestConsume_numbers_out_of_bounds_are_brought_into_them(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		body string
		want quota.Result
	}{
		{`{"tokensRemaining":-5,"tokensConsumed":0}`, quota.Result{}},
		{`{"tokensConsumed":2147483647}`, quota.Result{Consumed: math.MaxInt32}},
		{`{"tokensConsumed":1,"rule":{"burstRate":1e300,"refillRate":-2}}`, quota.Result{Consumed: 1, Rule: quota.Rule{BurstRate: math.MaxInt32}}},
		{`{"tokensConsumed":1,"rule":{"burstRate":-1}}`, quota.Result{Consumed: 1}},
	} {
		c, _ := client(t, fixed(tt.body))
		if got := ask(t, c, 1); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.body, got, tt.want)
		}
	}
}

func TestConsume_reads_no_more_than_a_mebibyte_of_an_answer(t *testing.T) {
	t.Parallel()
	for padding, read := range map[int]bool{1<<20 - 100: true, 1 << 20: false} {
		c, _ := client(t, fixed(`{"tokensConsumed":1,"later":"`+strings.Repeat("x", padding)+`"}`))
		if _, err := c.Consume(t.Context(), quota.Request{User: "u", Tokens: 1}); (err == nil) != read {
			t.Errorf("an answer with %d bytes of padding: %v, want it read: %t", padding, err, read)
		}
	}
}

func TestI1_Consume_an_error_has_64_KiB_of_the_body_and_no_part_of_the_key(t *testing.T) {
	t.Parallel()
	const most = 64 << 10
	for _, before := range []int{most - 20, most - 3, most} {
		c, w := client(t, nil)
		w.before = func(int) (*http.Response, error) {
			return status(400, strings.Repeat("x", before)+key+strings.Repeat("y", most)), nil
		}
		_, err := c.Consume(t.Context(), quota.Request{User: "u", Tokens: 1})
		var api *quota.APIError
		if !errors.As(err, &api) || len(api.Body) != most {
			t.Errorf("%v, want an APIError with %d bytes", err != nil, most)
			continue
		}
		if strings.Contains(api.Body, canary.Mark) || strings.Contains(api.Body, "x"+key[:3]) {
			t.Errorf("a key behind %d bytes is in the error, or its beginning", before)
		}
	}
}

func TestConsume_a_denial_of_what_is_left_and_of_the_whole_burst_tells_when_to_retry(t *testing.T) {
	t.Parallel()
	const rule = `,"rule":{"id":"r","refillRate":0.5,"burstRate":4}}`
	for _, tt := range []struct {
		n    int
		body string
		want time.Duration
	}{
		{3, `{"tokensRemaining":5,"tokensConsumed":0` + rule, 2 * time.Second}, // it was another's by then
		{4, `{"tokensRemaining":1,"tokensConsumed":0` + rule, 6 * time.Second},
		{5, `{"tokensRemaining":1,"tokensConsumed":0` + rule, 0},
	} {
		c, _ := client(t, fixed(tt.body))
		if got := ask(t, c, tt.n); got.RetryAfter != tt.want {
			t.Errorf("%d tokens, %s: RetryAfter %v, want %v", tt.n, tt.body, got.RetryAfter, tt.want)
		}
	}
}

func TestConsume_does_not_wait_for_a_retry_that_is_too_far_away(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		after    string
		deadline time.Duration
		calls    int
	}{
		{"30", time.Hour, 4},
		{"31", time.Hour, 1},
		{"5", 4 * time.Second, 1},
		{"3", 4 * time.Second, 2}, // the second pause would end too late
	} {
		synctest.Test(t, func(t *testing.T) {
			c, w := client(t, nil)
			w.before = func(int) (*http.Response, error) { return status(503, "", "Retry-After", tt.after), nil }
			ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
			defer cancel()
			_, err := c.Consume(ctx, quota.Request{User: "u", Tokens: 1})
			if !errors.Is(err, quota.ErrServiceUnavailable) || w.calls() != tt.calls || ctx.Err() != nil {
				t.Errorf("Retry-After %s within %v: %v after %d calls, want the 503 after %d", tt.after, tt.deadline, err, w.calls(), tt.calls)
			}
		})
	}
}
