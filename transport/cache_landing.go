package transport

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/gitfleet/gitfleet/tokens"
)

// land makes the outcome stand, also if something below has panicked.
func (f *flight) land() {
	if f.err == errGone {
		f.panicked, f.resp = recover(), nil
		f.close()
	}
	if led := f.end(); !led && f.panicked != nil {
		panic(f.panicked) // there is nobody else to tell
	}
}

// close keeps others from joining, and reports whether any caller but the first
// waits.
func (f *flight) close() (others bool) {
	c := f.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	f.remove()
	return f.waiting > 1 || f.waiting == 1 && !f.led
}

// remove takes the flight from those that can be joined. cache.mu must be held.
func (f *flight) remove() {
	flights, first := f.cache.flights, f.cache.flights[f.resource]
	switch {
	case first == f && f.next == nil:
		delete(flights, f.resource)
	case first == f:
		flights[f.resource] = f.next
	default:
		for o := first; o != nil; o = o.next {
			if o.next == f {
				o.next = f.next
			}
		}
	}
	f.next = nil
}

// gather reads the body for all. If it is too long, or breaks off, the answer is
// the first caller's alone.
func (f *flight) gather() {
	body := f.resp.Body
	if b, ok := body.(leasedBody); ok {
		f.lease, _ = b.leased()
	}
	most := f.cache.maxEntryBytes()
	text, err := io.ReadAll(io.LimitReader(body, most+1))
	if err == nil && int64(len(text)) <= most {
		_ = body.Close()
		f.text, f.shared = text, true
		return
	}
	rest := io.Reader(body)
	if err != nil {
		rest = failingReader{err}
	}
	f.resp.Body = &answerBody{peekedBody{io.MultiReader(bytes.NewReader(text), rest), body}, f.lease}
}

// end lets those who wait have the outcome, and reports whether the first caller
// is one of them. If nobody is who can have the answer, it is closed.
func (f *flight) end() (led bool) {
	c := f.cache
	c.mu.Lock()
	f.over, led = true, f.led
	c.mu.Unlock()
	if f.hit || f.shared || f.resp == nil || !led {
		f.cancel()
	}
	if f.resp != nil && !f.shared && !led {
		_ = f.resp.Body.Close()
	}
	close(f.landed)
	return led
}

// wait returns the outcome of the flight for one of its callers, or the context's
// error. done is false if there is none for him.
func (f *flight) wait(req *http.Request, leads bool) (resp *http.Response, done bool, err error) {
	select {
	case <-f.landed:
	case <-req.Context().Done():
		if f.leave(leads) {
			return nil, true, req.Context().Err()
		}
		<-f.landed
	}
	switch {
	case f.shared:
		return f.copy(req, !leads), true, nil
	case !leads:
		return nil, false, nil
	case f.panicked != nil:
		panic(f.panicked)
	case f.resp == nil:
		return nil, true, f.err
	}
	f.resp.Request = req
	if !f.hit && f.request != req { // the first caller's context ends it from now on
		stop := context.AfterFunc(req.Context(), f.cancel)
		f.resp.Body = releasing(f.resp.Body, func() { stop(); f.cancel() })
	}
	return f.resp, true, nil
}

// leave takes a caller from those who wait, unless the outcome is there. The last
// one ends the request.
func (f *flight) leave(leads bool) bool {
	c := f.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.over {
		return false
	}
	f.waiting--
	if leads {
		f.led = false
	}
	if f.waiting == 0 {
		f.remove()
		f.cancel()
	}
	return true
}

// copy returns the answer for one of several callers.
func (f *flight) copy(req *http.Request, collapsed bool) *http.Response {
	resp := *f.resp
	resp.Request = req
	resp.Header, resp.Trailer = resp.Header.Clone(), resp.Trailer.Clone()
	resp.Body = &answerBody{io.NopCloser(bytes.NewReader(f.text)), f.lease}
	if collapsed {
		f.cache.counts.collapsed.Add(1)
		status := resp.Header["Cache-Status"]
		if f.hit {
			status[len(status)-1] += "; collapsed"
		} else {
			resp.Header["Cache-Status"] = append(status, "gitfleet; fwd=miss; collapsed")
		}
	}
	return &resp
}

// forgetAfter drops what a request may have changed, which the host has served
// (RFC 9111, section 4.4).
func (c *Cache) forgetAfter(t *Transport, host *tokens.Host, req *http.Request, resp *http.Response) {
	ctx := context.WithoutCancel(req.Context())
	c.forget(ctx, t.logStore, resourceKey(host, req.URL))
	for _, key := range [...]string{"Location", "Content-Location"} {
		at := resp.Header.Get(key)
		if at == "" {
			continue
		}
		if u, err := req.URL.Parse(at); err == nil && host.Contains(u) {
			c.forget(ctx, t.logStore, resourceKey(host, u))
		}
	}
}
