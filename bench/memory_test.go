package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"testing"

	"github.com/google/go-github/v66/github"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
	portable "github.com/gitfleet/gitfleet/providers/github"
)

const (
	few, many   = 10_000, 100_000
	bytesOfSeen = 32 // is what an item may take in memory once it was returned
)

// endless is an organization of any number of repositories, whose pages are made
// when they are asked for and forgotten at once. They are one page of the
// simulated GitHub over and over, with new ids.
type endless struct {
	repositories int
	page         [][]byte // of each repository, the JSON after its id
}

func newEndless(t *testing.T, repositories int) *endless {
	t.Helper()
	const address = "https://api.github.com/orgs/acme/repos?per_page=100"
	text := record(t, fleettest.NewGitHub(world()), address)["/orgs/acme/repos"]
	var all []json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	e := &endless{repositories: repositories}
	for _, raw := range all {
		rest := bytes.TrimLeft(bytes.TrimPrefix(raw, []byte(`{"id":`)), "0123456789")
		if len(raw)-len(rest) <= len(`{"id":`) {
			t.Fatalf("the id does not come first: %.40s", raw)
		}
		e.page = append(e.page, rest)
	}
	return e
}

// RoundTrip implements [http.RoundTripper].
func (e *endless) RoundTrip(req *http.Request) (*http.Response, error) {
	header := http.Header{"Content-Type": {"application/json"}}
	body := []byte(`{"login":"acme","id":1,"type":"Organization"}`)
	if req.URL.Path == "/orgs/acme/repos" {
		n, _ := strconv.Atoi(req.URL.Query().Get("page"))
		n = max(n, 1)
		last := e.repositories / perPage
		if n < last {
			header.Set("Link", fmt.Sprintf(`<%[1]s&page=%[2]d>; rel="next", <%[1]s&page=%[3]d>; rel="last"`,
				"https://api.github.com/orgs/acme/repos?per_page=100", n+1, last))
		}
		body = e.render(n)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)), Request: req,
	}, nil
}

// render makes the n-th page. The ids are those of a large host.
func (e *endless) render(n int) []byte {
	body := []byte("[")
	for i, rest := range e.page {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"id":`...)
		body = strconv.AppendInt(body, int64(800_000_000+7*(n*perPage+i)), 10)
		body = append(body, rest...)
	}
	return append(body, ']')
}

// heap watches the heap while a list is read.
type heap struct {
	start, live, peak uint64 // bytes: at the start and most of what is in use, and most with garbage
	items             int
}

// item is called for each item. Every tenth page garbage is collected, in the
// middle of the page.
func (h *heap) item() {
	h.items++
	if h.items%perPage != perPage/2 {
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h.peak = max(h.peak, m.HeapAlloc)
	if h.items%(10*perPage) == perPage/2 || h.items > many-perPage {
		h.live = max(h.live, inUse())
	}
}

// inUse returns what is left on the heap after garbage was collected.
func inUse() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers and pools held on to
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestMemory prints how much memory it takes to go through 10,000 and through
// 100,000 repositories without keeping them. What the portable client takes more
// for more of them are the ids it has returned.
func TestMemory(t *testing.T) {
	for _, l := range []struct {
		name string
		walk func(t *testing.T, base http.RoundTripper, item func())
	}{
		{"go-github v66, page after page", walkByGoGitHub},
		{"GitFleet, Repositories, an iterator", walkRepositories},
	} {
		var found []heap
		for _, n := range []int{few, many} {
			base := newEndless(t, n)
			h := heap{start: inUse()}
			l.walk(t, base, h.item)
			if h.items != n {
				t.Fatalf("%s: %d items, want %d", l.name, h.items, n)
			}
			found = append(found, h)
			t.Logf("%-36s %6d repositories: at most %5.2f MiB of heap in use, %5.2f MiB with garbage", l.name, n,
				float64(h.live-h.start)/(1<<20), float64(h.peak-h.start)/(1<<20))
		}
		grown := float64(found[1].live-found[1].start) - float64(found[0].live-found[0].start)
		t.Logf("%-36s %.1f bytes for each item more", l.name, grown/(many-few))
		if grown > bytesOfSeen*(many-few) {
			t.Errorf("%s: %.1f bytes for each item more, want %d at most", l.name, grown/(many-few), bytesOfSeen)
		}
	}
}

func walkByGoGitHub(t *testing.T, base http.RoundTripper, item func()) {
	client := github.NewClient(&http.Client{Transport: base})
	opts := &github.RepositoryListByOrgOptions{ListOptions: github.ListOptions{PerPage: perPage}}
	for {
		page, resp, err := client.Repositories.ListByOrg(context.Background(), "acme", opts)
		if err != nil {
			t.Fatal(err)
		}
		for range page {
			item()
		}
		if resp.NextPage == 0 {
			return
		}
		opts.Page = resp.NextPage
	}
}

func walkRepositories(t *testing.T, base http.RoundTripper, item func()) {
	client, err := portable.New(providers.Config{Transport: base, Anonymous: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range client.Repositories(context.Background(), "acme") {
		if err != nil {
			t.Fatal(err)
		}
		item()
	}
}
