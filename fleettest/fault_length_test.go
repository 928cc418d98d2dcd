package fleettest_test

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
)

// struck has check look at an answer that f struck, read to its end, in memory
// and over a connection.
func struck(t *testing.T, f fleettest.Fault, check func(way string, resp *http.Response, body []byte, err error)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("struck")
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}})
		pipe := sim.ServePipe()
		defer pipe.Close()
		f.Times = 2
		sim.Inject(f)
		for way, rt := range map[string]http.RoundTripper{"memory": sim, "pipe": pipe.Transport()} {
			resp, err := rt.RoundTrip(request{path: "/user", token: token}.build(t))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			check(way, resp, body, err)
		}
	})
}

func TestFault_size_lengthens_the_body_with_spaces(t *testing.T) {
	t.Parallel()
	const size = 3<<20 + 7
	struck(t, fleettest.Fault{Status: 500, Body: `{"message":"x"}`, Size: size}, func(way string, resp *http.Response, body []byte, err error) {
		if err != nil || len(body) != size || resp.ContentLength != size || strings.TrimRight(string(body), " ") != `{"message":"x"}` {
			t.Errorf("%s: read %d bytes of %d, %v", way, len(body), resp.ContentLength, err)
		}
	})
}

func TestFault_gzip_is_a_bomb_with_a_size(t *testing.T) {
	t.Parallel()
	const size = 3<<20 + 7
	struck(t, fleettest.Fault{Status: 500, Body: `{"message":"x"}`, Size: size, Gzip: true}, func(way string, resp *http.Response, body []byte, err error) {
		switch {
		case err != nil:
			t.Errorf("%s: %v", way, err)
		case way == "memory" && (resp.Header.Get("Content-Encoding") != "gzip" || len(body) > size/100):
			t.Errorf("memory: %d bytes in %q, want at most a hundredth of %d", len(body), resp.Header.Get("Content-Encoding"), size)
		case way == "pipe" && (!resp.Uncompressed || len(body) != size):
			t.Errorf("pipe: %d bytes, uncompressed by net/http: %t; want %d", len(body), resp.Uncompressed, size)
		}
	})
}

func TestFault_length_is_announced_whatever_the_body_is(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		fault  fleettest.Fault
		want   int
		broken bool
	}{
		{"less than there is", fleettest.Fault{Status: 200, Body: "0123456789", Length: 4}, 4, false},
		{"less than there is with a size", fleettest.Fault{Status: 200, Body: "0123456789", Size: 90, Length: 40}, 40, false},
		{"more than there is", fleettest.Fault{Status: 200, Body: "0123456789", Length: 40}, 10, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			struck(t, tt.fault, func(way string, resp *http.Response, body []byte, err error) {
				if resp.ContentLength != int64(tt.fault.Length) || len(body) != tt.want || errors.Is(err, io.ErrUnexpectedEOF) != tt.broken {
					t.Errorf("%s: read %d of %d announced, %v; want %d, broken %t", way, len(body), resp.ContentLength, err, tt.want, tt.broken)
				}
			})
		})
	}
}

func TestConfig_clock_ahead_shows_in_dates_and_resets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, ahead := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
			token := canary.Token("clock")
			c := fleettest.Config{Tokens: []string{token}, ClockAhead: ahead, Window: time.Minute}
			for name, got := range map[string]reply{
				"X-RateLimit-Reset": get(t, fleettest.NewGitHub(c), token, "/user"),
				"RateLimit-Reset":   get(t, fleettest.NewGitLab(c), token, "https://gitlab.com/api/v4/user"),
			} {
				date, err := http.ParseTime(got.header.Get("Date"))
				if err != nil || time.Until(date).Round(time.Second) != ahead {
					t.Errorf("Date is %v from now, want %v", time.Until(date), ahead)
				}
				reset, _ := strconv.ParseInt(got.header.Get(name), 10, 64)
				if left := time.Unix(reset, 0).Sub(date); left <= 0 || left > time.Minute+time.Second {
					t.Errorf("%s is %v after the Date, want at most a minute", name, left)
				}
			}
		}
	})
}

func TestConfig_max_log_keeps_the_newest_requests(t *testing.T) {
	t.Parallel()
	token := canary.Token("log")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, MaxLog: 3})
	for i := range 20 {
		get(t, sim, token, "/user?n="+strconv.Itoa(i))
		log := sim.Requests()
		if len(log) < min(3, i+1) || len(log) > 6 || log[len(log)-1].URL != "/user?n="+strconv.Itoa(i) {
			t.Fatalf("after %d requests the log has %d", i+1, len(log))
		}
	}
	if got := sim.Stats().Requests; got != 20 {
		t.Errorf("counted %d requests, want 20", got)
	}
}
