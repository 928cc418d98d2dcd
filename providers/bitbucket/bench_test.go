package bitbucket_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/bitbucket"
	gobitbucket "github.com/ktrysmt/go-bitbucket"
)

// pageOf100 is a page of repositories, without the link to the next one.
func pageOf100(b *testing.B) []byte {
	b.Helper()
	sim := fleettest.NewBitbucket(fleettest.Config{
		Tokens: []string{tokenA}, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 100}},
	})
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, home+"/repositories/acme?pagelen=100", nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+tokenA)
	resp, err := sim.RoundTrip(req)
	if err != nil {
		b.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil || !bytes.Contains(text, []byte("repo-0100")) {
		b.Fatalf("%.100s, %v", text, err)
	}
	return text
}

// canned answers every request with the same JSON, at no cost.
func canned(text []byte) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			Status: "200 OK", StatusCode: http.StatusOK, Request: r, ContentLength: int64(len(text)),
			Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(text)),
		}, nil
	})
}

// BenchmarkRepositories reads a page of 100 repositories: the portable client,
// and what go-bitbucket does of it, one ns/repo beside the other.
func BenchmarkRepositories(b *testing.B) {
	text := pageOf100(b)
	perRepository := func(b *testing.B, run func() (int, error)) {
		b.ReportAllocs()
		for b.Loop() {
			if n, err := run(); err != nil || n != 100 {
				b.Fatal(n, err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/repo")
	}
	b.Run("portable", func(b *testing.B) {
		c := portable(b, canned(text))
		perRepository(b, func() (int, error) {
			all, err := c.FetchRepositories(b.Context(), "acme")
			return len(all), err
		})
	})
	b.Run("go-bitbucket", func(b *testing.B) {
		// Its own transport only: what NewClient puts there reads each answer twice.
		c, err := bitbucket.NewClient(b.Context(), nil, "")
		if err != nil {
			b.Fatal(err)
		}
		c.HttpClient = &http.Client{Transport: canned(text)}
		perRepository(b, func() (int, error) {
			all, err := c.Repositories.ListForAccount(&gobitbucket.RepositoriesOptions{Owner: "acme"})
			if err != nil {
				return 0, err
			}
			return len(all.Items), nil
		})
	})
}

// BenchmarkCommits reads a page of 100 commits with parents and authors.
func BenchmarkCommits(b *testing.B) {
	var all []string
	for i := range 100 {
		all = append(all, fmt.Sprintf(`{"type":"commit","hash":"%040x","date":"2015-08-27T03:25:04+00:00","message":"Change %d\n",
			"author":{"raw":"Ada Byron <ada@example.com>"},"parents":[{"hash":"%040x"}]}`, i, i, i+1))
	}
	c := portable(b, canned([]byte(`{"values":[`+strings.Join(all, ",")+`]}`)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range c.Commits(b.Context(), "acme/web", providers.Ref("main")) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 100 {
			b.Fatal(n)
		}
	}
}
