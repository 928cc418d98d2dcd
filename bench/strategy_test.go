package bench

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	gofri "github.com/gofri/go-github-ratelimit/v2/github_ratelimit"
	"github.com/google/go-github/v66/github"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

const ours = "GitFleet, defaults"

var strategies = []strategy{
	{ours, startGitFleet},
	{"gofri v2 a token, in turn by hand", startGofri},
	{"go-github v66, one token, its waiting", startGoGitHub},
}

// distant is a base that is 25 to 75 ms away.
type distant struct {
	base  http.RoundTripper
	calls atomic.Uint64
}

// RoundTrip implements [http.RoundTripper].
func (d *distant) RoundTrip(req *http.Request) (*http.Response, error) {
	way := time.Duration(25+rand.New(rand.NewPCG(d.calls.Add(1), 1)).IntN(51)) * time.Millisecond
	time.Sleep(way)
	resp, err := d.base.RoundTrip(req)
	time.Sleep(way)
	return resp, err
}

// get makes a call and reports whether it was served.
func get(rt http.RoundTripper) bool {
	req, err := http.NewRequest(http.MethodGet, "https://api.github.com/users/user-00", nil)
	if err != nil {
		panic(err)
	}
	req.Header.Set("User-Agent", "bench")
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// startGitFleet uses all tokens through the transport, with accounts declared
// where two tokens have one.
func startGitFleet(t *testing.T, s scenario, base http.RoundTripper) (func() bool, func()) {
	var ts []tokens.Token
	for i := range s.tokens {
		token := tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(secret(i))}
		if s.users > 0 {
			token.Account = string(rune('a' + s.user(i)))
		}
		ts = append(ts, token)
	}
	m, err := tokens.NewManager(tokens.Config{}, ts...)
	if err != nil {
		t.Fatal(err)
	}
	rt := &transport.Transport{Manager: m, Provider: tokens.GitHub, Base: base}
	return func() bool { return get(rt) }, func() { _ = m.Close() }
}

// static puts a token on each request, as oauth2.Transport does.
type static struct {
	token string
	base  http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (s static) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+s.token)
	return s.base.RoundTrip(req)
}

// startGofri has a limiter for each token and goes round them by hand: a call
// that one refuses goes to the next, and after a round of refusals rests for a
// second.
func startGofri(_ *testing.T, s scenario, base http.RoundTripper) (func() bool, func()) {
	limiters := make([]http.RoundTripper, s.tokens)
	for i := range limiters {
		limiters[i] = gofri.New(static{secret(i), base})
	}
	var turn atomic.Uint64
	return func() bool {
		for {
			for range limiters {
				if get(limiters[turn.Add(1)%uint64(len(limiters))]) {
					return true
				}
			}
			time.Sleep(time.Second)
		}
	}, func() { time.Sleep(2 * time.Hour) } // each refusal leaves a goroutine behind until the reset
}

// startGoGitHub has the library wait for the reset, with one token: it knows no
// more.
func startGoGitHub(_ *testing.T, s scenario, base http.RoundTripper) (func() bool, func()) {
	client := github.NewClient(&http.Client{Transport: static{secret(s.tokens - 1), base}})
	ctx := context.WithValue(context.Background(), github.SleepUntilPrimaryRateLimitResetWhenRateLimited, true)
	return func() bool {
		for {
			if _, _, err := client.Users.Get(ctx, "user-00"); err == nil {
				return true
			}
			time.Sleep(time.Second)
		}
	}, func() {}
}
