package providertest

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
)

// endless answers each request of an operation in turn without an end, and once more
// with a length that nobody can take. A driver reads what Config.MaxAnswer allows, of a
// file FileAnswers times as much, and says what to do.
func endless(t *testing.T, b *bench, o operation) {
	_, requests := b.normally(o, small(o)...)
	for n := 1; n <= requests; n++ {
		for _, length := range []int64{-1, 1 << 40} {
			var read atomic.Int64
			b.wire.begin(func(i int, r *http.Request, pass http.RoundTripper) (*http.Response, error) {
				if i != n {
					return pass.RoundTrip(r)
				}
				resp := response(http.StatusOK, "")
				resp.Header.Del("Content-Length")
				resp.ContentLength, resp.Body = length, io.NopCloser(&stream{read: &read})
				return resp, nil
			})
			_, err := o.run(t.Context(), b.Harness, small(o)...)
			if err == nil && len(b.wire.asked()) < n {
				continue // the driver has kept an answer of before
			}
			wantEndless(t, o, err)
			most := int64(maxAnswer)
			switch {
			case length > 0:
				most = 0
			case o.op == providers.OpContent:
				most *= providers.FileAnswers
			}
			const peeked = 128 << 10 // what a transport looks at
			if got := read.Load(); got > most+peeked {
				t.Errorf("request %d, length %d: %d bytes were read, want %d at most", n, length, got, most)
			}
		}
	}
}

func wantEndless(t *testing.T, o operation, err error) {
	t.Helper()
	wantKind(t, err, providers.ErrTooLarge, nil)
	bound := int64(maxAnswer)
	var e *providers.Error
	if !errors.As(err, &e) {
		return
	}
	if o.op == providers.OpContent && strings.Contains(e.Message, strconv.FormatInt(bound*providers.FileAnswers, 10)) {
		bound *= providers.FileAnswers
	}
	if !strings.Contains(e.Message, strconv.FormatInt(bound, 10)) || !strings.Contains(e.Message, "Config.MaxAnswer") || e.Temporary() {
		t.Errorf("%v, want one that names the bound and the field, and that is not temporary", err)
	}
}

// tooFar is where a stream ends after all, lest a driver without a bound take the
// machine's memory.
const tooFar = 4 * providers.FileAnswers * maxAnswer

// stream is the beginning of a list of JSON without an end.
type stream struct {
	read  *atomic.Int64
	begun bool
}

func (s *stream) Read(p []byte) (int, error) {
	if s.read.Load() > tooFar {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = 'x'
	}
	if !s.begun {
		s.begun = true
		copy(p, `[{"id":1,"name":"`)
	}
	s.read.Add(int64(len(p)))
	return len(p), nil
}
