package transport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// wire is the end of the line: it keeps what was sent and answers by a
// function of the test's.
type wire struct {
	answer func(sent) (*http.Response, error)

	mu     sync.Mutex
	sent   []sent
	bodies []*body // of the answers, in order
}

// sent is one request as it was on the wire. It holds no secret.
type sent struct {
	Number      int // from 1, probes not counted
	Method, URL string
	Host        string
	Token       string // name of the canary token, "none", or "other"
	Credentials int    // header lines that carry one, however spelt
	Body        string
	Header      http.Header // without credentials
	Probe       bool        // the manager's own
	ctx         context.Context
}

// RoundTrip implements [http.RoundTripper].
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	s := sent{Method: r.Method, URL: r.URL.String(), Host: r.Host, Token: "none", Header: http.Header{}, ctx: r.Context()}
	for k, vs := range r.Header {
		if !carriesCredential(k) {
			s.Header[k] = vs
			continue
		}
		for _, v := range vs {
			s.Credentials++
			s.Token = nameOf(v)
		}
	}
	s.Probe = r.Header.Get("User-Agent") == "gitfleet"
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil {
			return nil, err
		}
		s.Body = string(b)
	}
	w.mu.Lock()
	s.Number = 1
	for _, before := range w.sent {
		if !before.Probe {
			s.Number++
		}
	}
	w.sent = append(w.sent, s)
	w.mu.Unlock()

	resp, err := w.answer(s)
	if resp != nil && resp.Body != nil {
		b := &body{ReadCloser: resp.Body}
		resp.Body = b
		w.mu.Lock()
		w.bodies = append(w.bodies, b)
		w.mu.Unlock()
	}
	if resp != nil && resp.Request == nil {
		resp.Request = r // as net/http does: our copy, with the token
	}
	return resp, err
}

func carriesCredential(key string) bool {
	switch textproto.CanonicalMIMEHeaderKey(key) {
	case "Authorization", "Private-Token", "Job-Token":
		return true
	}
	return false
}

// nameOf returns what a canary token was called.
func nameOf(credential string) string {
	_, name, ok := strings.Cut(credential, canary.Mark)
	if !ok {
		return "other"
	}
	return name
}

// calls returns what was sent, probes left out.
func (w *wire) calls() []sent {
	w.mu.Lock()
	defer w.mu.Unlock()
	var calls []sent
	for _, s := range w.sent {
		if !s.Probe {
			calls = append(calls, s)
		}
	}
	return calls
}

// tokens returns the names of the tokens that were sent, in order, with a "?"
// behind those of probes.
func (w *wire) tokens() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for _, s := range w.sent {
		if s.Probe {
			s.Token += "?"
		}
		names = append(names, s.Token)
	}
	return strings.Join(names, " ")
}

// body counts what is done with it.
type body struct {
	io.ReadCloser
	mu     sync.Mutex
	read   int
	ended  bool
	closed int
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.read += n
	b.ended = b.ended || err == io.EOF
	return n, err
}

// Close implements [io.Closer].
func (b *body) Close() error {
	b.mu.Lock()
	b.closed++
	b.mu.Unlock()
	return b.ReadCloser.Close()
}

// state returns how often it was closed and whether it was read to its end.
func (b *body) state() (closed int, ended bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed, b.ended
}

// upload is a request body that counts its closings.
func upload(text string) *body { return &body{ReadCloser: io.NopCloser(strings.NewReader(text))} }

// manager has a GitHub token for each name.
func manager(t testing.TB, names ...string) *tokens.Manager {
	t.Helper()
	var ts []tokens.Token
	for _, name := range names {
		ts = append(ts, tokens.Token{Provider: tokens.GitHub, Label: name, Secret: tokens.Static(canary.Token(name))})
	}
	return managerOf(t, ts...)
}

func managerOf(t testing.TB, ts ...tokens.Token) *tokens.Manager {
	t.Helper()
	m, err := tokens.NewManager(tokens.Config{}, ts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// over returns a transport for GitHub over base.
func over(base http.RoundTripper, m *tokens.Manager) *transport.Transport {
	return &transport.Transport{Manager: m, Provider: tokens.GitHub, Base: base}
}

// script answers the calls with these answers, the last one for all that
// follow, and probes with 200.
func script(answers ...func() *http.Response) *wire {
	return &wire{answer: func(s sent) (*http.Response, error) {
		if s.Probe {
			return ok()(), nil
		}
		return answers[min(s.Number, len(answers))-1](), nil
	}}
}

// byToken answers by the name of the token that was sent.
func byToken(answers map[string]func() *http.Response) *wire {
	return &wire{answer: func(s sent) (*http.Response, error) {
		if a := answers[s.Token]; a != nil {
			return a(), nil
		}
		return ok()(), nil
	}}
}

// reply makes an answer with the header lines given as pairs.
func reply(status int, text string, header ...string) func() *http.Response {
	return func() *http.Response {
		h := http.Header{}
		for i := 0; i < len(header); i += 2 {
			h.Add(header[i], header[i+1])
		}
		return &http.Response{
			Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: h, ContentLength: int64(len(text)), Body: io.NopCloser(strings.NewReader(text)),
		}
	}
}

// ok is a served request.
func ok(header ...string) func() *http.Response { return reply(200, `{"login":"octocat"}`, header...) }

// rate is the header of a GitHub answer with numbers.
func rate(limit, remaining int, reset time.Time, resource string) []string {
	return []string{
		"X-RateLimit-Limit", strconv.Itoa(limit), "X-RateLimit-Remaining", strconv.Itoa(remaining),
		"X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10), "X-RateLimit-Resource", resource,
	}
}

const primaryText = `{"message":"API rate limit exceeded for user ID 1.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"}`

// primary is GitHub's refusal of a spent budget.
func primary(status int, reset time.Time, resource string) func() *http.Response {
	return reply(status, primaryText, rate(5000, 0, reset, resource)...)
}

const secondaryText = `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again.","documentation_url":"https://docs.github.com/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`

// secondary is GitHub's refusal for a secondary limit; retryAfter may be empty.
func secondary(status int, retryAfter string) func() *http.Response {
	header := rate(5000, 4000, time.Now().Add(time.Hour), "core")
	if retryAfter != "" {
		header = append(header, "Retry-After", retryAfter)
	}
	return reply(status, secondaryText, header...)
}

// graphQLSpent is GitHub's refusal of a GraphQL query, which has status 200.
func graphQLSpent(reset time.Time) func() *http.Response {
	return reply(200, `{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded for user ID 1."}]}`, rate(5000, 0, reset, "graphql")...)
}

// badCredentials is GitHub's answer to a dead token.
func badCredentials() *http.Response {
	return reply(401, `{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest"}`,
		rate(60, 57, time.Now().Add(time.Hour), "core")...)()
}

// failure makes a network error of every call.
func failure(err error) *wire {
	return &wire{answer: func(sent) (*http.Response, error) { return nil, err }}
}

// request makes a request as http.NewRequest does, with GetBody for a body.
func request(t testing.TB, method, url, text string) *http.Request {
	t.Helper()
	var r io.Reader
	if text != "" {
		r = strings.NewReader(text)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, r)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

const userURL = "https://api.github.com/users/user-1"

func get(t testing.TB) *http.Request { t.Helper(); return request(t, http.MethodGet, userURL, "") }

// send makes one call and returns its answer with the body read and closed.
func send(t testing.TB, rt http.RoundTripper, req *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatalf("RoundTrip(%s %s) = %v", req.Method, req.URL.Path, err)
	}
	return resp, text(t, resp)
}

// text reads and closes the body.
func text(t testing.TB, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("reading the body: %v", err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Errorf("closing the body: %v", err)
	}
	return string(b)
}

// noSecret fails if one of the values prints or encodes as a canary token. It
// does not print what it found.
func noSecret(t testing.TB, what string, values ...any) {
	t.Helper()
	for i, v := range values {
		asJSON, _ := json.Marshal(v)
		for _, form := range []string{fmt.Sprintf("%v %+v %#v %q", v, v, v, v), string(asJSON)} {
			if strings.Contains(form, canary.Mark) {
				t.Errorf("%s %d shows a token", what, i+1)
			}
		}
	}
}

// inFlight returns how many leases are out.
func inFlight(m *tokens.Manager) int {
	n := 0
	seen := map[string]bool{}
	for _, info := range m.AllTokens("") {
		if info.Account != "" && seen[info.Account] {
			continue
		}
		seen[info.Account] = true
		n += info.Status.InFlight
	}
	return n
}

// status returns what the manager knows of the token with this label.
func status(t testing.TB, m *tokens.Manager, label string) tokens.TokenStatus {
	t.Helper()
	for _, info := range m.AllTokens("") {
		if info.Label == label {
			return info.Status
		}
	}
	t.Fatalf("the manager has no token %q", label)
	return tokens.TokenStatus{}
}

// events keeps what the hooks tell, in order.
type events struct {
	mu  sync.Mutex
	all []any
}

func (e *events) add(v any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, v)
}

func (e *events) hooks() transport.Hooks {
	return transport.Hooks{
		Attempt: func(_ context.Context, a transport.Attempt) { e.add(a) },
		Answer:  func(_ context.Context, a transport.Answer) { e.add(a) },
		Limit:   func(_ context.Context, l transport.Limit) { e.add(l) },
		Swap:    func(_ context.Context, s transport.Swap) { e.add(s) },
		Retry:   func(_ context.Context, r transport.Retry) { e.add(r) },
		Wait:    func(_ context.Context, w transport.Wait) { e.add(w) },
		Done:    func(_ context.Context, d transport.Done) { e.add(d) },
	}
}

// line is the events as a line of words, answers left out.
func (e *events) line() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var words []string
	for _, v := range e.all {
		switch v := v.(type) {
		case transport.Attempt:
			words = append(words, fmt.Sprintf("attempt%d:%s", v.Number, v.Label))
		case transport.Limit:
			words = append(words, fmt.Sprintf("limit:%s:%d", v.Label, v.Status))
		case transport.Swap:
			words = append(words, fmt.Sprintf("swap:%s:%s:%s", v.Label, v.Reason, v.State))
		case transport.Retry:
			words = append(words, fmt.Sprintf("retry%d:%s:%s:%d", v.Number, v.Label, v.Reason, v.Status))
		case transport.Wait:
			words = append(words, "wait:"+v.Resource)
		case transport.Done:
			words = append(words, fmt.Sprintf("done%d:%s:%d", v.Number, v.Label, v.Status))
		}
	}
	return strings.Join(words, " ")
}

func (e *events) answers() []transport.Answer {
	e.mu.Lock()
	defer e.mu.Unlock()
	var answers []transport.Answer
	for _, v := range e.all {
		if a, ok := v.(transport.Answer); ok {
			answers = append(answers, a)
		}
	}
	return answers
}

func (e *events) dones() []transport.Done {
	e.mu.Lock()
	defer e.mu.Unlock()
	var dones []transport.Done
	for _, v := range e.all {
		if d, ok := v.(transport.Done); ok {
			dones = append(dones, d)
		}
	}
	return dones
}

// big is a text longer than what the transport looks into.
func big(n int) string { return string(bytes.Repeat([]byte("0123456789abcdef"), n/16)) }
