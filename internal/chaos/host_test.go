package chaos_test

import (
	"crypto/tls"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

// simulator is one of fleettest's hosts.
type simulator interface {
	http.Handler
	http.RoundTripper
	Inject(fleettest.Fault)
	Spend(token, resource string, n int)
	Revoke(token string)
	Restore(token string)
	Expire(token string, t time.Time)
	Requests() []fleettest.Request
}

// host is all that requests reach: the simulated host, with as many regions as
// the plan has, and the rest of the world.
type host struct {
	plan    plan
	regions []simulator

	mu    sync.Mutex
	acts  map[string]int // requests that were acted on or may have been, by call
	leaks []string       // what reached the rest of the world and should not have
}

// The headers that the tap gives each attempt, which go to the test's own hosts
// only.
const (
	callHeader    = "X-Chaos-Call"
	attemptHeader = "X-Chaos-Attempt"
)

func newSimulator(p tokens.ProviderType, c fleettest.Config) simulator {
	switch p {
	case tokens.GitLab:
		return fleettest.NewGitLab(c)
	case tokens.Bitbucket:
		return fleettest.NewBitbucket(c)
	}
	return fleettest.NewGitHub(c)
}

// region picks whose windows a request counts on.
func (h *host) region(r *http.Request) simulator {
	f := fnv.New32()
	f.Write([]byte(r.Header.Get(callHeader) + "/" + r.Header.Get(attemptHeader)))
	return h.regions[int(f.Sum32()>>8)%len(h.regions)]
}

// hopPath is the nth stop of a redirect chain.
func hopPath(p tokens.ProviderType, n int) string {
	prefix := map[tokens.ProviderType]string{tokens.GitLab: "/api/v4", tokens.Bitbucket: "/2.0"}[p]
	return prefix + "/hop/" + strconv.Itoa(n)
}

// hop returns which stop of a redirect chain a request is, -1 for none.
func (h *host) hop(r *http.Request) int {
	rest, ok := strings.CutPrefix(r.URL.Path, strings.TrimSuffix(hopPath(h.plan.Provider, 0), "0"))
	n, err := strconv.Atoi(rest)
	if !ok || err != nil {
		return -1
	}
	return n
}

// next is where the nth stop of a call's chain leads to, empty at its end.
func (h *host) next(call string, n int) string {
	s, ok := h.plan.stepOf(call)
	if !ok || n >= len(s.Hops) {
		return ""
	}
	if s.Hops[n] == elsewhere {
		return "https://" + elsewhere + hopPath(h.plan.Provider, n+1)
	}
	if n+1 == len(s.Hops) {
		return step{Kind: readRepo}.url(h.plan.Provider)
	}
	return origin(h.plan.Provider) + hopPath(h.plan.Provider, n+1)
}

// redirect answers a stop of a redirect chain, and everything that is asked of
// the rest of the world.
func (h *host) redirect(r *http.Request) (status int, location string, ok bool) {
	name := r.URL.Host
	if name == "" {
		name = r.Host
	}
	foreign := "https://"+name != origin(h.plan.Provider)
	if foreign {
		h.inspect(r)
	}
	n := h.hop(r)
	if n < 0 {
		return http.StatusOK, "", foreign
	}
	if to := h.next(r.Header.Get(callHeader), n); to != "" {
		return http.StatusFound, to, true
	}
	return http.StatusOK, "", true
}

// inspect looks for credentials in a request to the rest of the world.
func (h *host) inspect(r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if strings.Contains(r.URL.String(), canary.Mark) {
		h.leaks = append(h.leaks, "URL")
	}
	for name, values := range r.Header {
		credential := slices.Contains([]string{"Authorization", "Private-Token", "Job-Token"}, name)
		if credential || strings.Contains(strings.Join(values, " "), canary.Mark) {
			h.leaks = append(h.leaks, name)
		}
	}
}

// RoundTrip implements [http.RoundTripper].
func (h *host) RoundTrip(r *http.Request) (*http.Response, error) {
	if status, to, ok := h.redirect(r); ok {
		if r.Body != nil {
			r.Body.Close()
		}
		return &http.Response{
			StatusCode: status, Header: http.Header{"Location": {to}}, Body: http.NoBody, Request: r,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		}, nil
	}
	resp, err := h.region(r).RoundTrip(r)
	if err != nil {
		h.book(r, 0)
		return nil, err
	}
	h.book(r, resp.StatusCode)
	return resp, nil
}

// ServeHTTP implements [http.Handler].
func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if status, to, ok := h.redirect(r); ok {
		w.Header().Set("Location", to)
		w.WriteHeader(status)
		return
	}
	seen := &statusWriter{ResponseWriter: w}
	defer func() { h.book(r, seen.status) }()
	if r.TLS == nil {
		r.TLS = new(tls.ConnectionState) // over a pipe, it is not encrypted
	}
	h.region(r).ServeHTTP(seen, r)
}

// book counts what a request that must not be done twice has come to: all but a
// refusal counts as done, because the client cannot know better.
func (h *host) book(r *http.Request, status int) {
	call := r.Header.Get(callHeader)
	if r.Method != http.MethodPost || call == "" || status == 401 || status == 403 || status == 429 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acts[call]++
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for [http.ResponseController].
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
