package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// slow answers with a header after some time and a body whose parts come one by
// one, each after a time of its own.
type slow struct {
	header time.Duration
	parts  []time.Duration
}

// RoundTrip implements [http.RoundTripper].
func (s slow) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(s.header):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: &drip{r.Context(), s.parts}}, nil
}

type drip struct {
	ctx   context.Context
	parts []time.Duration
}

func (d *drip) Read(p []byte) (int, error) {
	if len(d.parts) == 0 {
		return 0, io.EOF
	}
	select {
	case <-time.After(d.parts[0]):
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
	d.parts = d.parts[1:]
	p[0] = 'x'
	return 1, nil
}

func (d *drip) Close() error { return nil }

func TestTimeout_ends_an_attempt_that_makes_no_progress_and_no_other(t *testing.T) {
	t.Parallel()
	const second = time.Second
	tests := []struct {
		name    string
		base    slow
		want    string // of the body; "" if the header never came
		stalled bool
		after   time.Duration
	}{
		{"no header", slow{header: time.Hour}, "", true, 10 * second},
		{"a header just in time", slow{header: 9 * second}, "", false, 9 * second},
		{"a body that comes slowly", slow{parts: []time.Duration{9 * second, 9 * second, 9 * second}}, "xxx", false, 27 * second},
		{"a body that stops", slow{parts: []time.Duration{second, time.Hour}}, "x", true, 11 * second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tr := &transport.Transport{Manager: manager(t, "a"), Provider: tokens.GitHub, Base: tt.base, Timeout: 10 * second}
				start := time.Now()
				body, err := fetch(tr, request(t, "GET", userURL, ""))
				var timeout net.Error
				switch {
				case tt.stalled && (!errors.As(err, &timeout) || !timeout.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)):
					t.Errorf("error %v, want a timeout that is not the context's", err)
				case !tt.stalled && err != nil:
					t.Errorf("error %v", err)
				}
				if got := time.Since(start); got != tt.after || body != tt.want {
					t.Errorf("body %q after %v, want %q after %v", body, got, tt.want, tt.after)
				}
			})
		})
	}
}

// fetch returns what was read of the body.
func fetch(rt http.RoundTripper, req *http.Request) (string, error) {
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

func TestTimeout_does_not_count_the_wait_for_a_token_nor_the_caller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refusal := script(primary(403, time.Now().Add(time.Hour), "core"))
		var n int
		base := roundTripper(func(r *http.Request) (*http.Response, error) {
			if n++; n == 1 {
				return refusal.RoundTrip(r)
			}
			return slow{parts: []time.Duration{1, 1}}.RoundTrip(r)
		})
		tr := &transport.Transport{Manager: manager(t, "a"), Provider: tokens.GitHub, Base: base, Timeout: time.Second}
		resp, err := tr.RoundTrip(request(t, "GET", userURL, ""))
		if err != nil {
			t.Fatalf("RoundTrip() = %v after a wait of an hour, want an answer", err)
		}
		defer resp.Body.Close()
		for range 2 {
			time.Sleep(time.Hour) // the caller has other things to do
			if n, err := resp.Body.Read(make([]byte, 1)); n != 1 || err != nil {
				t.Errorf("Read() = %d, %v", n, err)
			}
		}
	})
}

func TestTimeout_leaves_the_callers_own_end_as_it_is(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := &transport.Transport{Manager: manager(t, "a"), Provider: tokens.GitHub, Base: slow{header: time.Hour}, Timeout: time.Minute}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := tr.RoundTrip(request(t, "GET", userURL, "").WithContext(ctx)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("RoundTrip() = %v, want the context's error", err)
		}
	})
}

func TestTimeout_is_a_failure_that_Retries_may_repeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var n int
		base := roundTripper(func(r *http.Request) (*http.Response, error) {
			if n++; n == 1 {
				return slow{header: time.Hour}.RoundTrip(r)
			}
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("second"))}, nil
		})
		tr := &transport.Transport{Manager: manager(t, "a"), Provider: tokens.GitHub, Base: base, Timeout: time.Second, Retries: 1}
		if body, err := fetch(tr, request(t, "GET", userURL, "")); err != nil || body != "second" {
			t.Errorf("body %q, %v, want the second answer", body, err)
		}
	})
}
