package transport

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// stalled is the error of an attempt that made no progress for Timeout. It
// matches [os.ErrDeadlineExceeded] and not [context.DeadlineExceeded], which is
// the caller's own.
type stalled struct{ after time.Duration }

// Error implements error.
func (s stalled) Error() string {
	return fmt.Sprintf("gitfleet: transport: the host sent nothing for %v", s.after)
}

// Timeout makes it a timeout for [net.Error].
func (s stalled) Timeout() bool { return true }

// Unwrap returns [os.ErrDeadlineExceeded].
func (s stalled) Unwrap() error { return os.ErrDeadlineExceeded }

// attend sends req, and ends it if the host stops answering.
func (t *Transport) attend(req *http.Request) (*http.Response, error) {
	if t.Timeout <= 0 {
		return t.base().RoundTrip(req)
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	w := &watch{ctx: ctx, cancel: cancel, after: t.Timeout}
	w.timer = time.AfterFunc(t.Timeout, func() { cancel(stalled{t.Timeout}) })
	resp, err := t.base().RoundTrip(req.WithContext(ctx))
	w.timer.Stop()
	switch {
	case err != nil:
		err = w.explain(err)
		cancel(nil)
		return nil, err
	case resp == nil || resp.Body == nil || resp.Body == http.NoBody:
		cancel(nil)
		return resp, nil
	}
	w.body = resp.Body
	if rw, ok := resp.Body.(io.Writer); ok { // of 101 Switching Protocols
		resp.Body = struct {
			*watch
			io.Writer
		}{w, rw}
		return resp, nil
	}
	resp.Body = w
	return resp, nil
}

// watch is a body each of whose reads is bounded. How long the caller takes
// between them is not.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	after  time.Duration
	body   io.ReadCloser
}

// Read implements [io.Reader].
func (w *watch) Read(p []byte) (int, error) {
	w.timer.Reset(w.after)
	n, err := w.body.Read(p)
	w.timer.Stop()
	if err != nil && err != io.EOF {
		err = w.explain(err)
	}
	return n, err
}

// Close implements [io.Closer].
func (w *watch) Close() error {
	w.timer.Stop()
	err := w.body.Close()
	w.cancel(nil)
	return err
}

// explain returns why the attempt ended if that was its timeout, else err.
func (w *watch) explain(err error) error {
	if s, ok := context.Cause(w.ctx).(stalled); ok {
		return s
	}
	return err
}
