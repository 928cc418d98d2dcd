package chaos_test

import (
	"bytes"
	"crypto/sha256"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
)

// checksum adds p to a sum.
func checksum(sum uint32, p []byte) uint32 { return crc32.Update(sum, crc32.IEEETable, p) }

// managerAgent is what the manager's own requests call themselves, which ask
// whether a token is dead.
const managerAgent = "gitfleet"

// tap stands between the transport and net/http and writes down what passes.
type tap struct {
	world *world
	base  http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (t *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := recordOf(r.Context())
	if r.Header.Get("User-Agent") == managerAgent {
		rec = t.world.probe()
	}
	a := t.begin(rec, r)
	out := r.Clone(r.Context())
	out.Header.Set(callHeader, rec.name)
	out.Header.Set(attemptHeader, strconv.Itoa(a.number))
	resp, err := t.base.RoundTrip(out)
	t.end(rec, a, resp, err)
	return resp, err
}

func (t *tap) begin(rec *record, r *http.Request) *attempt {
	a := &attempt{method: r.Method, url: r.URL.String(), sent: time.Now()}
	a.foreign = !strings.HasPrefix(a.url, origin(t.world.plan.Provider)+"/")
	for _, name := range []string{"Authorization", "Private-Token"} {
		if v := r.Header.Get(name); v != "" {
			_, secret, bearer := strings.Cut(v, " ")
			if !bearer {
				secret = v
			}
			l := t.world.labels[sha256.Sum256([]byte(secret))]
			a.token, a.account = l.token, l.account
		}
	}
	if a.foreign && (a.token != "" || strings.Contains(a.url, canary.Mark)) {
		t.world.violate("I2: call %s sent a credential to another host", rec.name)
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	a.waitsBefore = rec.waits
	rec.attempts = append(rec.attempts, a)
	a.number = len(rec.attempts)
	rec.flying++
	if rec.flying > 1 && !rec.walk {
		t.world.violate("I15: call %s has two attempts under way", rec.name)
	}
	return a
}

func (t *tap) end(rec *record, a *attempt, resp *http.Response, err error) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.flying--
	a.over, a.err = time.Now(), err
	if err != nil {
		a.said = failed
		return
	}
	a.status, a.header = resp.StatusCode, resp.Header.Clone()
	a.said = judge(resp)
	a.body = &watched{ReadCloser: resp.Body}
	resp.Body = a.body
}

// judge says what an answer comes to.
func judge(resp *http.Response) verdict {
	switch h := resp.Header; {
	case resp.StatusCode >= 500:
		return failed
	case h.Get(plainHeader) != "":
		return answered
	case resp.StatusCode == 401:
		return rejected
	case resp.StatusCode == 429:
		return limited
	case resp.StatusCode == 403 && (h.Get("Retry-After") != "" || h.Get("X-Ratelimit-Remaining") == "0" || strings.Contains(begins(resp), "rate limit")):
		return limited
	case resp.StatusCode == 200 && h.Get("X-Ratelimit-Resource") == "graphql" && h.Get("X-Ratelimit-Remaining") == "0" && strings.Contains(begins(resp), "RATE_LIMITED"):
		return limited
	}
	return answered
}

// begins returns the beginning of a body, which still reads from its first
// byte afterwards.
func begins(resp *http.Response) string {
	start, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	rest := io.Reader(resp.Body)
	if err != nil {
		rest = broken{err}
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), rest), resp.Body}
	return string(start)
}

type broken struct{ err error }

// Read implements [io.Reader].
func (b broken) Read([]byte) (int, error) { return 0, b.err }
