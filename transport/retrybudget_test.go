package transport_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/transport"
)

// resends makes n calls to a host that fails, and returns how many of them were
// sent again.
func resends(t *testing.T, tr *transport.Transport, w *wire, n int) int {
	t.Helper()
	before := len(w.calls())
	for range n {
		resp, _ := send(t, tr, get(t))
		if resp.StatusCode != 502 {
			t.Fatalf("answer %d", resp.StatusCode)
		}
	}
	return len(w.calls()) - before - n
}

// failingFleet is a transport with one retry for each call over a host that
// answers 502, and good to a path of its own.
func failingFleet(t *testing.T) (*transport.Transport, *wire) {
	w := &wire{answer: func(s sent) (*http.Response, error) {
		if s.URL == "https://api.github.com/good" {
			return ok()(), nil
		}
		return reply(502, "")(), nil
	}}
	tr := over(w, manager(t, "a"))
	tr.Retries, tr.BreakAfter = 1, -1
	return tr, w
}

func TestI8_RetryBudget_bounds_resends_to_a_share_of_the_calls(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		budget   float64
		min, max int // of 400 calls that fail
	}{
		{"0 is a fifth of the calls", 0, 80, 80},
		{"half", 0.5, 200, 200},
		{"next to none", 1e-9, 0, 0},
		{"negative is no bound", -1, 400, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tr, w := failingFleet(t)
				tr.RetryBudget = tt.budget
				start := time.Now()
				n := resends(t, tr, w, 400)
				// The minimum is 10 at first and 10 a minute; a resend takes
				// its pause of a second and more.
				if extra := 10 + int(10*time.Since(start).Minutes()) + 1; tt.budget >= 0 {
					tt.max += extra
				}
				if n < tt.min || n > tt.max {
					t.Errorf("%d of 400 calls were sent again in %v, want %d to %d", n, time.Since(start), tt.min, tt.max)
				}
			})
		})
	}
}

func TestI8_RetryBudget_lets_a_quiet_client_retry_ten_times_a_minute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr, w := failingFleet(t)
		tr.RetryBudget = 1e-9
		for minute := range 3 {
			start := time.Now()
			if n := resends(t, tr, w, 12); n < 8 || n > 12 {
				// What one minute takes of the next's depends on the pauses.
				t.Errorf("minute %d: %d resends, want about 10", minute+1, n)
			}
			time.Sleep(time.Minute - time.Since(start))
		}
	})
}

func TestI8_RetryBudget_saves_up_a_hundred_at_most(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr, w := failingFleet(t)
		for range 5000 { // worth 1,000 resends
			send(t, tr, request(t, "GET", "https://api.github.com/good", ""))
			time.Sleep(100 * time.Millisecond)
		}
		start := time.Now()
		const most = 100 + 400/5
		if got := resends(t, tr, w, 400); got < 100 || got > most+int(10*time.Since(start).Minutes())+1 {
			t.Errorf("%d resends of 400 after 5,000 good calls, want no more than %d and 10 a minute", got, most)
		}
	})
}

func TestI8_RetryBudget_leaves_swaps_alone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for i := range 50 {
			names = append(names, fmt.Sprint("t", i))
		}
		w := &wire{answer: func(s sent) (*http.Response, error) {
			if s.Number%2 == 1 {
				return primary(403, time.Now().Add(time.Hour), "core")(), nil
			}
			return ok()(), nil
		}}
		tr := over(w, manager(t, names...))
		tr.Retries, tr.RetryBudget = 1, 1e-9
		for i := range 40 {
			if resp, _ := send(t, tr, get(t)); resp.StatusCode != 200 {
				t.Fatalf("call %d: %d, want another token to serve it", i+1, resp.StatusCode)
			}
		}
	})
}
