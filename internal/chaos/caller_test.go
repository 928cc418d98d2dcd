package chaos_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// call runs all callers to their ends.
func (w *world) call() {
	w.start = time.Now()
	var callers sync.WaitGroup
	for i, steps := range w.plan.Callers {
		recs := make([]*record, len(steps))
		for j, s := range steps {
			recs[j] = &record{name: fmt.Sprintf("%d.%d", i, j), step: s}
		}
		w.records = append(w.records, recs...)
		callers.Go(func() {
			for _, rec := range recs {
				sleep(rec.step.Pause)
				w.do(rec)
			}
		})
	}
	for i := range w.plan.Walks {
		rec := &record{name: fmt.Sprintf("walk %d", i), step: step{Kind: readRepo}, walk: true}
		w.records = append(w.records, rec)
		callers.Go(func() { w.guard(rec, func() { w.walk(rec) }) })
	}
	callers.Wait()
}

// sleep lets a caller take its time, which is virtual but for a millisecond.
func sleep(d time.Duration) { <-time.After(d) }

// do makes one call.
func (w *world) do(rec *record) {
	ctx, cancel := rec.step.context(w.start)
	defer cancel()
	ctx = context.WithValue(ctx, recordKey{}, rec)
	unwatch := context.AfterFunc(ctx, func() { rec.gone.Store(time.Now().UnixNano()) })
	defer unwatch()
	req, body := rec.step.request(ctx, w)
	before := photograph(req)
	w.guard(rec, func() {
		resp, err := w.send(rec, req)
		rec.err, rec.ctxErr, rec.decided = err, ctx.Err(), time.Now()
		if err == nil {
			rec.status = resp.StatusCode
			w.read(rec, resp, cancel)
		}
	})
	if after := photograph(req); after != before {
		w.violate("I3: call %s: the request was changed from %s to %s", rec.name, before, after)
	}
	rec.upload = body
}

// guard runs a call, and turns its panic into what is known of it.
func (w *world) guard(rec *record, call func()) {
	rec.began = time.Now()
	defer func() {
		rec.ended = time.Now()
		if p := recover(); p != nil {
			rec.panicked = fmt.Sprintf("%v\n%s", p, debug.Stack())
		}
	}()
	call()
}

// context returns the call's context.
func (s step) context(start time.Time) (context.Context, context.CancelFunc) {
	ends := s.Ends
	if s.AtReset && time.Since(start) < ends {
		ends -= time.Since(start)
	}
	switch {
	case ends == 0:
		return context.WithCancel(context.Background())
	case !s.Cancel:
		return context.WithTimeout(context.Background(), ends)
	}
	ctx, cancel := context.WithCancel(context.Background())
	timer := time.AfterFunc(ends, cancel)
	return ctx, func() { timer.Stop(); cancel() }
}

// request makes the call's request, with its body, nil for none.
func (s step) request(ctx context.Context, w *world) (*http.Request, *upload) {
	req, err := http.NewRequestWithContext(ctx, s.method(), s.url(w.plan.Provider), nil)
	if err != nil {
		panic(err)
	}
	req.Header.Set("User-Agent", "chaos")
	if s.Brings {
		req.Header.Set("Private-Token", w.tokens[0][0]) // net/http takes it along to other hosts
	}
	text := s.body()
	if text == "" {
		return req, nil
	}
	body := &upload{Reader: strings.NewReader(text)}
	req.Body, req.ContentLength = body, int64(len(text))
	req.Header.Set("Content-Type", "application/json")
	if s.Replay {
		req.GetBody = func() (io.ReadCloser, error) { return &upload{Reader: strings.NewReader(text)}, nil }
	}
	return req, body
}

// send sends the request, and follows redirects if the step is about them.
func (w *world) send(rec *record, req *http.Request) (*http.Response, error) {
	if rec.step.Kind == redirected {
		return (&http.Client{Transport: w.transport}).Do(req)
	}
	resp, err := w.transport.RoundTrip(req)
	switch {
	case resp != nil && err != nil, resp == nil && err == nil:
		w.violate("call %s has both or neither of an answer and an error", rec.name)
	case resp != nil && resp.Request != req:
		w.violate("I1: call %s: the answer's Request is not the caller's", rec.name)
	case resp != nil:
		rec.response = resp
	}
	return resp, err
}

// read does with the answer's body what the step says.
func (w *world) read(rec *record, resp *http.Response, cancel func()) {
	defer resp.Body.Close()
	buf := make([]byte, 1<<10)
	for most := rec.step.most(); rec.read < most; {
		n, err := resp.Body.Read(buf)
		rec.read += int64(n)
		rec.sum = checksum(rec.sum, buf[:n])
		if err != nil {
			rec.whole, rec.bodyErr = err == io.EOF, err
			return
		}
		switch rec.step.Reading {
		case readSlowly:
			sleep(w.plan.Latency)
		case readAndStop:
			cancel()
		}
	}
}

// most is how much of a body the caller reads.
func (s step) most() int64 {
	switch s.Reading {
	case readNothing:
		return 0
	case readSome:
		return 100
	}
	return 1 << 19 // nobody wants to have a gibibyte
}

// photograph tells all of a request that must stay as it is.
func photograph(r *http.Request) string {
	return fmt.Sprintf("%s %s %s %v %d %t %p %v", r.Method, r.URL, r.Host, r.Header, r.ContentLength, r.GetBody != nil, r.Body, r.TransferEncoding)
}
