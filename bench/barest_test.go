package bench

import (
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// barest is a transport that does nothing but what no transport with several
// tokens can go without, as plainly as Go allows: a token in turn and the end of
// the call, each under a lock and with a look at the clock; a copy of the request
// and of its header with the token's field, which is made once; and the fields of
// the answer that tell of limits, looked up and read as numbers, and kept without
// asking to which window they belong. It shows how much of a transport's cost is
// a matter of choice; it is no peer, since it would do harm in use.
type barest struct {
	base http.RoundTripper

	mu     sync.Mutex
	next   int
	tokens []barestToken
}

type barestToken struct {
	auth        []string
	left, reset int64
	used, ended time.Time
}

// newBarest has n tokens.
func newBarest(n int, base http.RoundTripper) *barest {
	l := &barest{base: base, tokens: make([]barestToken, n)}
	for i := range l.tokens {
		l.tokens[i].auth = []string{"Bearer bench-token-" + strconv.Itoa(i)}
	}
	return l
}

// RoundTrip implements [http.RoundTripper].
func (l *barest) RoundTrip(req *http.Request) (*http.Response, error) {
	t := l.lease(time.Now())
	sent := new(http.Request)
	*sent = *req
	sent.Header = maps.Clone(req.Header)
	sent.Header["Authorization"] = t.auth
	resp, err := l.base.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	l.settle(t, resp.Header, time.Now())
	return resp, nil
}

func (l *barest) lease(now time.Time) *barestToken {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := &l.tokens[l.next%len(l.tokens)]
	l.next++
	t.left--
	t.used = now
	return t
}

func (l *barest) settle(t *barestToken, h http.Header, now time.Time) {
	limit, used := numberIn(h, "X-Ratelimit-Limit"), numberIn(h, "X-Ratelimit-Used")
	left, reset := numberIn(h, "X-Ratelimit-Remaining"), numberIn(h, "X-Ratelimit-Reset")
	limited := h["Retry-After"] != nil || h["X-Ratelimit-Resource"] == nil || h["Date"] == nil
	l.mu.Lock()
	defer l.mu.Unlock()
	if !limited && used <= limit {
		t.left, t.reset = min(t.left, left), reset
	}
	t.ended = now
}

// numberIn returns a field's number, or 0.
func numberIn(h http.Header, key string) int64 {
	lines := h[key]
	if len(lines) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(lines[0], 10, 64)
	return n
}
