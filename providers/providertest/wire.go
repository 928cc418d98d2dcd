package providertest

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// wire stands between the driver's transport and the host. It remembers what
// was asked, and can answer in the host's place.
type wire struct {
	host http.RoundTripper

	mu       sync.Mutex
	requests []*http.Request
	answer   answerer

	open atomic.Int64 // bodies that are not closed
}

// answerer answers the nth request, from 1, or passes it on.
type answerer func(n int, r *http.Request, pass http.RoundTripper) (*http.Response, error)

// over puts w over a host.
func (w *wire) over(host http.RoundTripper) http.RoundTripper {
	w.host = host
	return w
}

// RoundTrip asks the answerer, if there is one, else the host.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.requests = append(w.requests, r.Clone(context.WithoutCancel(r.Context())))
	n, answer := len(w.requests), w.answer
	w.mu.Unlock()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if answer == nil {
		answer = func(_ int, r *http.Request, pass http.RoundTripper) (*http.Response, error) { return pass.RoundTrip(r) }
	}
	resp, err := answer(n, r, w.host)
	if resp != nil {
		resp.Request = r
		w.open.Add(1)
		resp.Body = &watched{ReadCloser: resp.Body, open: &w.open}
	}
	return resp, err
}

// begin forgets what was asked, and lets a answer from now on.
func (w *wire) begin(a answerer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests, w.answer = nil, a
}

func (w *wire) asked() []*http.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*http.Request{}, w.requests...)
}

// watched is a body that is counted until it is closed.
type watched struct {
	io.ReadCloser
	open *atomic.Int64
	once sync.Once
}

func (b *watched) Close() error {
	b.once.Do(func() { b.open.Add(-1) })
	return b.ReadCloser.Close()
}

// response makes an answer.
func response(status int, body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}, "Content-Length": {strconv.Itoa(len(body))}}
	if strings.HasPrefix(body, "<") {
		h.Set("Content-Type", "text/html; charset=utf-8")
	}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// always gives the same answer from the nth request on.
func always(from int, status int, body string, header ...string) answerer {
	return func(n int, r *http.Request, pass http.RoundTripper) (*http.Response, error) {
		if n < from {
			return pass.RoundTrip(r)
		}
		return response(status, body, header...), nil
	}
}

// hang answers nothing to the nth request until its context ends. It calls
// arrived when that request is there.
func hang(at int, arrived func()) answerer {
	return func(n int, r *http.Request, pass http.RoundTripper) (*http.Response, error) {
		if n != at {
			return pass.RoundTrip(r)
		}
		arrived()
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
}
