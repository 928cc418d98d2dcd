package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	"github.com/gregjones/httpcache"
)

// rotation sends each request with the next token, and begins each round with
// another one.
type rotation struct {
	base    http.RoundTripper
	secrets []string
	round   int // calls in it
	calls   int
}

func (t *rotation) RoundTrip(r *http.Request) (*http.Response, error) {
	own := r.Clone(r.Context())
	t.calls++
	n := t.calls + t.calls/t.round
	own.Header.Set("Authorization", "Bearer "+t.secrets[n%len(t.secrets)])
	return t.base.RoundTrip(own)
}

// TestCacheFree asks for 200 URLs that do not change, ten times after the first,
// with ten tokens. A minute passes between the rounds, so that nobody may answer
// without asking.
func TestCacheFree(t *testing.T) {
	const urls, rounds, width = 200, 10, 10
	var secrets []string
	for i := range width {
		secrets = append(secrets, secret(i))
	}
	ways := []struct {
		name string
		over func(t *testing.T, sim http.RoundTripper) http.RoundTripper
		most int // that may be paid for; negative is only printed
	}{
		{"transport.Cache", func(t *testing.T, sim http.RoundTripper) http.RoundTripper {
			return fleetOver(t, sim, secrets, &transport.Cache{})
		}, urls * 101 / 100},
		{"transport.Cache, Recompute", func(t *testing.T, sim http.RoundTripper) http.RoundTripper {
			return fleetOver(t, sim, secrets, &transport.Cache{Recompute: true})
		}, urls * 101 / 100},
		{"no cache", func(t *testing.T, sim http.RoundTripper) http.RoundTripper { return fleetOver(t, sim, secrets, nil) }, -1},
		{"gregjones/httpcache above round robin", func(_ *testing.T, sim http.RoundTripper) http.RoundTripper {
			c := httpcache.NewMemoryCacheTransport()
			c.Transport = &rotation{base: sim, secrets: secrets, round: urls}
			return c
		}, -1},
		{"gregjones/httpcache below round robin", func(_ *testing.T, sim http.RoundTripper) http.RoundTripper {
			c := httpcache.NewMemoryCacheTransport()
			c.Transport = sim
			return &rotation{base: c, secrets: secrets, round: urls}
		}, -1},
	}
	for _, way := range ways {
		synctest.Test(t, func(t *testing.T) {
			sim := fleettest.NewGitHub(fleettest.Config{Tokens: secrets, Organizations: []fleettest.Owner{{Login: "acme", Repositories: urls}}})
			rt := way.over(t, sim)
			for range rounds + 1 {
				for i := range urls {
					read(t, rt, fmt.Sprintf("https://api.github.com/repos/acme/repo-%04d", i+1))
				}
				time.Sleep(61 * time.Second)
			}
			s := sim.Stats()
			paid := s.Requests - s.NotModified
			t.Logf("%-38s %4d requests, %4d paid, %4d free: %5.1f %% of the %d revalidations", way.name, s.Requests, paid, s.NotModified,
				100*float64(s.NotModified)/(urls*rounds), urls*rounds)
			if way.most >= 0 && (paid > way.most || s.NotModified < urls*rounds*99/100) {
				t.Errorf("%s: %d answers were paid for, want at most %d", way.name, paid, way.most)
			}
		})
	}
}

func fleetOver(t testing.TB, base http.RoundTripper, secrets []string, cache *transport.Cache) *transport.Transport {
	t.Helper()
	var ts []tokens.Token
	for _, s := range secrets {
		ts = append(ts, tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(s)})
	}
	m, err := tokens.NewManager(tokens.Config{Pace: &ratelimit.Pace{PointsPerMinute: 1 << 40}}, ts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return &transport.Transport{Manager: m, Provider: tokens.GitHub, Base: base, Cache: cache}
}

func read(t testing.TB, rt http.RoundTripper, url string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	drain(t, rt, req)
}

func drain(t testing.TB, rt http.RoundTripper, req *http.Request) {
	t.Helper()
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

// unchanged answers a page of a repository, or 304 to who has it.
type unchanged struct {
	header http.Header
	text   []byte
}

func newUnchanged(size int) unchanged {
	return unchanged{text: bytes.Repeat([]byte("x"), size), header: http.Header{
		"Date":                  {"Sat, 26 Oct 2019 01:27:50 GMT"},
		"Content-Type":          {"application/json; charset=utf-8"},
		"Cache-Control":         {"private, max-age=0"},
		"Etag":                  {`W/"ee1dcb6549b6c8fc14267ae3abde8f38"`},
		"Vary":                  {"Accept, X-GitHub-OTP"},
		"Server":                {"github.com"},
		"X-Github-Media-Type":   {"github.v3; format=json"},
		"X-Ratelimit-Limit":     {"5000"},
		"X-Ratelimit-Remaining": {"4987"},
		"X-Ratelimit-Reset":     {strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)},
		"X-Ratelimit-Resource":  {"core"},
		"X-Ratelimit-Used":      {"13"},
	}}
}

func (u unchanged) RoundTrip(r *http.Request) (*http.Response, error) {
	resp := &http.Response{
		Status: "200 OK", StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: u.header.Clone(), ContentLength: int64(len(u.text)), Body: io.NopCloser(bytes.NewReader(u.text)), Request: r,
	}
	if r.Header.Get("If-None-Match") != "" {
		resp.Status, resp.StatusCode, resp.ContentLength, resp.Body = "304 Not Modified", 304, 0, http.NoBody
	}
	return resp, nil
}

// TestCacheCost is what a hit costs above an answer in memory. Times are the
// least of many short runs, in turn.
func TestCacheCost(t *testing.T) {
	const most = 40 // allocations
	base := newUnchanged(5000)
	gregjones := httpcache.NewMemoryCacheTransport()
	gregjones.Transport = base
	cancellable, cancel := context.WithCancel(t.Context())
	defer cancel()
	secrets := []string{secret(0), secret(1), secret(2)}
	ways := []struct {
		name string
		rt   http.RoundTripper
		ctx  context.Context
		most float64
	}{
		{"an answer in memory", base, context.Background(), 0},
		{"Transport without a cache", fleetOver(t, base, secrets, nil), context.Background(), 0},
		{"a hit", fleetOver(t, base, secrets, &transport.Cache{}), context.Background(), most},
		{"a hit, the context can end", fleetOver(t, base, secrets, &transport.Cache{}), cancellable, most},
		{"a hit of gregjones/httpcache", gregjones, context.Background(), 0},
	}
	least := make([]time.Duration, len(ways))
	calls := make([]func(), len(ways))
	for i, way := range ways {
		req, err := http.NewRequestWithContext(way.ctx, http.MethodGet, "https://api.github.com/repos/acme/app", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", "application/vnd.github+json")
		req.Header.Set("User-Agent", "bench")
		calls[i] = func() { drain(t, way.rt, req) }
	}
	for range 200 {
		for i, call := range calls {
			start := time.Now()
			for range 20 {
				call()
			}
			if d := time.Since(start) / 20; least[i] == 0 || d < least[i] {
				least[i] = d
			}
		}
	}
	bare := testing.AllocsPerRun(500, calls[0])
	for i, way := range ways {
		allocs := testing.AllocsPerRun(500, calls[i]) - bare
		t.Logf("%-30s %8v %+8v %+5.0f allocations", way.name, least[i], least[i]-least[0], allocs)
		if way.most > 0 && allocs > way.most {
			t.Errorf("%s adds %.0f allocations, want at most %.0f", way.name, allocs, way.most)
		}
	}
}

// TestCacheMemory is what an entry takes besides its body, measured and as the
// Cache counts it.
func TestCacheMemory(t *testing.T) {
	const entries = 2000
	for _, size := range []int{0, 200, 2 << 10, 20 << 10} {
		cache := &transport.Cache{MaxBytes: 1 << 30, MaxEntries: entries}
		rt := fleetOver(t, newUnchanged(size), []string{secret(0)}, cache)
		read(t, rt, "https://api.github.com/warm")
		before := heapInUse()
		for i := range entries {
			read(t, rt, "https://api.github.com/repos/acme/"+strconv.Itoa(i))
		}
		grown, s := heapInUse()-before, cache.Stats()
		per, counted := float64(grown)/entries, float64(s.Bytes)/entries
		t.Logf("bodies of %5d bytes: %5.0f bytes an entry, %4.0f more than the body; counted as %.0f", size, per, per-float64(size), counted)
		if per > 1.15*counted || s.Entries != entries {
			t.Errorf("%d entries of %.0f bytes, counted as %.0f", s.Entries, per, counted)
		}
		runtime.KeepAlive(rt)
	}
}
