package gitfleet_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
)

// ofLength is every host: whatever it is asked for, a file included, has n bytes.
func ofLength(n int) http.RoundTripper {
	filled := func(format string) string {
		return fmt.Sprintf(format, strings.Repeat("x", max(0, n-len(format)+len("%s"))))
	}
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		kind, body := "application/json", filled(`{"data":{"x":"%s"}}`)
		switch path := r.URL.Path; {
		case strings.Contains(r.Header.Get("Accept"), "raw"), strings.Contains(path, "/src/"), strings.HasSuffix(path, "/text"):
			kind, body = "text/plain", filled("%s")
		case strings.Contains(path, "/contents/"):
			body = fmt.Sprintf(`{"type":"file","path":"f","sha":"s","size":%d,"encoding":"none","content":""}`, n)
		case strings.Contains(path, "/repository/files/"):
			body = filled(`{"file_path":"f","encoding":"text","content":"%s"}`)
		}
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {kind}}, Request: r,
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1,
		}, nil
	})
}

func boundedFleet(t *testing.T, base http.RoundTripper, most int64) *gitfleet.Fleet {
	t.Helper()
	fleet, err := gitfleet.New(gitfleet.Config{Manager: newThree().manager(t), Base: base, MaxAnswer: most})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fleet.Close() })
	return fleet
}

func TestConfig_MaxAnswer_bounds_what_portable_clients_take_into_memory(t *testing.T) {
	t.Parallel()
	const most = 1000
	for _, tt := range []struct {
		name    string
		n       int // bytes of the answer
		fits    bool
		call    func(t *testing.T, c *providers.Client) error
		without tokens.ProviderType
	}{
		{"a call that decodes", most, true, decoded, ""},
		{"a call that decodes too much", most + 1, false, decoded, ""},
		{"a page", most + 1, false, onePage, ""},
		{"a query", most, true, query, tokens.Bitbucket},
		{"a query of too much", most + 1, false, query, tokens.Bitbucket},
		{"a call that is written as it comes", 100 * most, true, written, ""},
		{"a file", 4 * most, true, content, ""},
		{"a file that is too long", 4*most + 1, false, content, ""},
	} {
		fleet := boundedFleet(t, ofLength(tt.n), most)
		for _, c := range []*providers.Client{fleet.GitHub(), fleet.GitLab(), fleet.Bitbucket()} {
			if c.Provider() == tt.without {
				continue
			}
			err := tt.call(t, c)
			if tt.fits != (err == nil) || err != nil && !errors.Is(err, providers.ErrTooLarge) {
				t.Errorf("%s: %s: %v, want it taken: %t", c.Provider(), tt.name, err, tt.fits)
			}
		}
		for _, info := range fleet.Manager().AllTokens("") {
			if n := info.Status.InFlight; n != 0 {
				t.Errorf("%s: %d calls of %s are out", tt.name, n, info.Label)
			}
		}
	}
}

func decoded(t *testing.T, c *providers.Client) error {
	var out any
	_, err := c.Call(t.Context(), providers.Call{Path: "user", Out: &out})
	return err
}

func onePage(t *testing.T, c *providers.Client) error {
	for _, err := range c.Pages(t.Context(), "user") {
		return err
	}
	return nil
}

func query(t *testing.T, c *providers.Client) error {
	var out any
	return c.GraphQL(t.Context(), "{ x }", nil, &out)
}

func written(t *testing.T, c *providers.Client) error {
	var out bytes.Buffer
	_, err := c.Call(t.Context(), providers.Call{Path: "text", Out: &out})
	if err == nil && out.Len() != 100_000 {
		t.Errorf("%s: %d bytes were written", c.Provider(), out.Len())
	}
	return err
}

func content(t *testing.T, c *providers.Client) error {
	_, err := c.FetchContent(t.Context(), "acme/web", "f", providers.Ref("v1"))
	return err
}

func TestConfig_MaxAnswer_is_64_MiB_unless_it_says_otherwise(t *testing.T) {
	t.Parallel()
	announcing := func(n int64) http.RoundTripper { // so long that the test would take its time to read it
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := ofLength(100).RoundTrip(r)
			resp.ContentLength = n
			return resp, err
		})
	}
	for _, tt := range []struct {
		most, n int64
		fits    bool
	}{{0, 64 << 20, true}, {0, 64<<20 + 1, false}, {-1, 64<<20 + 1, true}} {
		fleet := boundedFleet(t, announcing(tt.n), tt.most)
		for _, c := range []*providers.Client{fleet.GitHub(), fleet.GitLab(), fleet.Bitbucket()} {
			err := decoded(t, c)
			if tt.fits != (err == nil) || err != nil && !strings.Contains(err.Error(), "more than 67108864 bytes") {
				t.Errorf("%s: MaxAnswer %d, %d bytes: %v, want it taken: %t", c.Provider(), tt.most, tt.n, err, tt.fits)
			}
		}
	}
}

func TestConfig_MaxAnswer_counts_what_was_decompressed(t *testing.T) {
	t.Parallel()
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(bytes.Repeat([]byte(" "), 1<<20)) // a thousand bytes, compressed
		_ = z.Close()
	}))
	t.Cleanup(host.Close)
	m, err := tokens.NewManager(tokens.Config{}, tokens.Token{Provider: tokens.GitLab, Host: host.URL, Secret: tokens.Static(canary.Token("gz"))})
	if err != nil {
		t.Fatal(err)
	}
	fleet, err := gitfleet.New(gitfleet.Config{Manager: m, MaxAnswer: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fleet.Close() })
	if err := decoded(t, fleet.GitLabAt(host.URL)); !errors.Is(err, providers.ErrTooLarge) {
		t.Errorf("Call() = %v, want ErrTooLarge", err)
	}
}
