package chaos_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// record is all that is known of one call: what was asked, what was sent for
// it, and what came of it.
type record struct {
	name  string // "3.1": the second call of the fourth caller; "walk 0"
	step  step
	walk  bool
	began time.Time
	ended time.Time

	mu       sync.Mutex
	attempts []*attempt
	waits    int
	done     int // times that it was told to be over
	flying   int // attempts under way

	gone atomic.Int64 // when the context ended, in Unix nanoseconds; 0 if it has not

	// The outcome, written by the caller.
	decided  time.Time // when it had an answer or an error
	status   int
	response *http.Response // of a call without redirects
	err      error
	bodyErr  error
	read     int64
	sum      uint32 // of the body, if it was read to its end
	whole    bool
	ctxErr   error   // of the call's context when it had its outcome
	upload   *upload // nil for none
	panicked string
}

// attempt is one sending of a request, as it was right above net/http.
type attempt struct {
	number      int // from 1
	method, url string
	foreign     bool
	token       string // name
	account     string
	sent, over  time.Time
	waitsBefore int
	status      int
	said        verdict
	header      http.Header
	err         error
	body        *watched
}

// verdict is what an attempt came to.
type verdict string

const (
	answered verdict = "answered"
	failed   verdict = "failed"   // a network error or a server error
	limited  verdict = "limited"  // refused because of a limit
	rejected verdict = "rejected" // 401
)

type recordKey struct{}

func recordOf(ctx context.Context) *record {
	r, _ := ctx.Value(recordKey{}).(*record)
	return r
}

// last returns the newest attempt.
func (r *record) last() *attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.attempts) == 0 {
		return nil
	}
	return r.attempts[len(r.attempts)-1]
}

// String tells what was sent for the call, and what came of it.
func (r *record) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "call %s %+v, %s to %s: %d, %v, body %v\n", r.name, r.step, clock(r.began), clock(r.ended), r.status, r.err, r.bodyErr)
	for _, a := range r.attempts {
		ends, _ := resetOf(a.header, a.over)
		fmt.Fprintf(&out, "\t%s to %s %s %s by %s: %d %s, %d left until %s, %v\n", clock(a.sent), clock(a.over), a.method, a.url, a.token,
			a.status, a.said, remaining(a.header), clock(ends), a.err)
	}
	return out.String()
}

// watched is an answer's body as it came from net/http.
type watched struct {
	io.ReadCloser
	bytes  atomic.Int64
	closed atomic.Int32
	sum    atomic.Uint32
	ended  atomic.Bool
	failed atomic.Bool
}

// Read implements [io.Reader].
func (b *watched) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.bytes.Add(int64(n))
	b.sum.Store(checksum(b.sum.Load(), p[:n]))
	switch {
	case err == io.EOF:
		b.ended.Store(true)
	case err != nil:
		b.failed.Store(true)
	}
	return n, err
}

// Close implements [io.Closer].
func (b *watched) Close() error {
	b.closed.Add(1)
	return b.ReadCloser.Close()
}

// upload is a request's body that knows whether it was closed.
type upload struct {
	io.Reader
	closed atomic.Bool
}

// Close implements [io.Closer].
func (u *upload) Close() error {
	u.closed.Store(true)
	return nil
}
