package tokens_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// gitHub returns a token for github.com, of the account if it is not empty.
func gitHub(name, account string) tokens.Token {
	return tokens.Token{Provider: tokens.GitHub, Label: name, Account: account, Secret: tokens.Static(canary.Token(name))}
}

// gitHubs returns n tokens, each an account of its own.
func gitHubs(n int) []tokens.Token {
	ts := make([]tokens.Token, n)
	for i := range ts {
		ts[i] = gitHub(fmt.Sprintf("t%d", i), "")
	}
	return ts
}

func manager(t testing.TB, c tokens.Config, ts ...tokens.Token) *tokens.Manager {
	t.Helper()
	m, err := tokens.NewManager(c, ts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// gitHubHost returns github.com with the tokens.
func gitHubHost(t testing.TB, ts ...tokens.Token) (*tokens.Manager, *tokens.Host) {
	t.Helper()
	m := manager(t, tokens.Config{}, ts...)
	return m, hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
}

// unpaced returns github.com with the tokens and a pace that is kept account of
// and never reached.
func unpaced(t testing.TB, ts ...tokens.Token) (*tokens.Manager, *tokens.Host) {
	t.Helper()
	m := manager(t, tokens.Config{Pace: &ratelimit.Pace{PointsPerMinute: 1 << 40}}, ts...)
	return m, hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
}

func hostOf(t testing.TB, m *tokens.Manager, p tokens.ProviderType, rawURL string) *tokens.Host {
	t.Helper()
	h, ok := m.Host(p, mustParse(t, rawURL))
	if !ok {
		t.Fatalf("Host(%s, %s) found none", p, rawURL)
	}
	return h
}

func mustParse(t testing.TB, rawURL string) *url.URL {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// on is a request for one call of the resource that does not wait.
func on(resource string) tokens.Request {
	return tokens.Request{Draw: ratelimit.Draw{Resource: resource, Units: 1, Points: 1}, MaxWait: -1}
}

// waiting is a request for one call of the resource that waits.
func waiting(resource string) tokens.Request {
	r := on(resource)
	r.MaxWait = 0
	return r
}

func lease(t testing.TB, h *tokens.Host, r tokens.Request) tokens.Lease {
	t.Helper()
	l, err := h.Lease(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// exhausted wants the request to be refused.
func exhausted(t testing.TB, h *tokens.Host, r tokens.Request) *tokens.ExhaustedError {
	t.Helper()
	l, err := h.Lease(t.Context(), r)
	var e *tokens.ExhaustedError
	if !errors.As(err, &e) {
		t.Fatalf("Lease() = %q, %v, want an ExhaustedError", l.Label(), err)
	}
	return e
}

// leaseAll leases until none is left and returns how many there were.
func leaseAll(t testing.TB, h *tokens.Host, r tokens.Request) []tokens.Lease {
	t.Helper()
	var all []tokens.Lease
	for len(all) < 10_000 {
		l, err := h.Lease(t.Context(), r)
		if err != nil {
			return all
		}
		all = append(all, l)
	}
	t.Fatal("there is no end to the leases")
	return nil
}

// served is a good answer without numbers.
func served() ratelimit.Observation {
	return ratelimit.Observation{Class: ratelimit.OK, Validity: ratelimit.Valid, At: time.Now()}
}

// left is a good answer with numbers of a window that ends in the given time.
func left(limit, remaining int64, ends time.Duration) ratelimit.Observation {
	o := served()
	o.Scope = ratelimit.TokenNumbers
	o.Limit, o.Remaining = ratelimit.Known(limit), ratelimit.Known(remaining)
	o.Reset = time.Now().Add(ends)
	return o
}

// spent is a refusal because of a spent budget.
func spent(limit int64, ends time.Duration) ratelimit.Observation {
	o := left(limit, 0, ends)
	o.Class, o.Swap = ratelimit.PrimaryLimit, ratelimit.SwapAlways
	return o
}

// refused is a refusal that names neither numbers nor time.
func refused(c ratelimit.Class) ratelimit.Observation {
	return ratelimit.Observation{Class: c, At: time.Now()}
}

func after(o ratelimit.Observation, d time.Duration) ratelimit.Observation {
	o.RetryAfter = ratelimit.Known(d)
	return o
}

func unauthorized(message string) ratelimit.Observation {
	return ratelimit.Observation{Class: ratelimit.Unauthorized, Validity: ratelimit.Invalid, Message: message, At: time.Now()}
}

// tell makes one call and settles it.
func tell(t testing.TB, h *tokens.Host, resource string, o ratelimit.Observation) tokens.Lease {
	t.Helper()
	l := lease(t, h, on(resource))
	l.Settle(o)
	return l
}

func status(t testing.TB, m *tokens.Manager, label string) tokens.TokenStatus {
	t.Helper()
	for _, info := range m.AllTokens("") {
		if info.Label == label {
			return info.Status
		}
	}
	t.Fatalf("there is no token %q", label)
	return tokens.TokenStatus{}
}

func wantInFlight(t testing.TB, m *tokens.Manager, want int) {
	t.Helper()
	for _, info := range m.AllTokens("") {
		if got := info.Status.InFlight; got != want {
			t.Errorf("token %s: %d in flight, want %d", info.Label, got, want)
		}
	}
}

// wait waits inside of a bubble, and returns the label and the time it took.
func wait(t testing.TB, h *tokens.Host, r tokens.Request) (string, time.Duration) {
	t.Helper()
	start := time.Now()
	l, err := h.Lease(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	l.Cancel()
	return l.Label(), time.Since(start)
}

func wantWait(t testing.TB, h *tokens.Host, r tokens.Request, want time.Duration) {
	t.Helper()
	if _, got := wait(t, h, r); got != want {
		t.Errorf("waited %v, want %v", got, want)
	}
}

// roundTripper answers the manager's own requests.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// answering returns a RoundTripper that always answers the same.
func answering(status int, body string) http.RoundTripper {
	return roundTripper(func(*http.Request) (*http.Response, error) { return answer(status, body), nil })
}

const badCredentials = `{"message":"Bad credentials"}`

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// holdsSecret reports whether a canary token, or what is left of one that was
// cut, is in text. Tests say that it is and never show text.
func holdsSecret(text string) bool {
	lower := strings.ToLower(text)
	return strings.Contains(lower, canary.Mark) ||
		strings.Contains(lower, fmt.Sprintf("%x", canary.Mark)) ||
		strings.Contains(text, strings.Trim(fmt.Sprint([]byte(canary.Mark)), "[]"))
}
