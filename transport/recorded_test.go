package transport_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/google/go-github/v66/github"
)

// recording is a file of exchanges as they went over the wire.
type recording struct {
	Exchanges []exchange `json:"exchanges"`
}

type exchange struct {
	Request struct {
		Method, URL string
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    json.RawMessage
	}
}

func (e exchange) date(t *testing.T) time.Time {
	t.Helper()
	date, err := http.ParseTime(e.Response.Headers["Date"])
	if err != nil {
		t.Fatal(err)
	}
	return date
}

// organization2019 is the list of an organization's repositories as GitHub
// served it on 26 October 2019.
func organization2019(t *testing.T) recording {
	t.Helper()
	dir := os.Getenv("GITFLEET_FIXTURES")
	if dir == "" {
		t.Skip("GITFLEET_FIXTURES is not set: it names the directory of recorded exchanges")
	}
	f, err := os.Open(filepath.Join(dir, "github", "org-repositories-2019.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var rec recording
	if err := json.NewDecoder(z).Decode(&rec); err != nil {
		t.Fatal(err)
	}
	return rec
}

// player serves a recording. It answers only what was recorded, by method and
// URL, and with the headers as they were.
type player struct {
	wire
	exchanges map[string]exchange
	last      exchange
}

func newPlayer(rec recording, arrive func(exchange)) *player {
	p := &player{exchanges: map[string]exchange{}}
	for _, e := range rec.Exchanges {
		p.exchanges[e.Request.Method+" "+canonical(e.Request.URL)] = e
	}
	p.answer = func(s sent) (*http.Response, error) {
		e, ok := p.exchanges[s.Method+" "+canonical(s.URL)]
		if !ok {
			return nil, fmt.Errorf("not recorded: %s %s", s.Method, s.URL)
		}
		if s.Credentials != 1 || s.Token != "a" {
			return nil, fmt.Errorf("call %d carries %d credentials of %q, want 1 of \"a\"", s.Number, s.Credentials, s.Token)
		}
		arrive(e)
		p.last = e
		var header []string
		for k, v := range e.Response.Headers {
			header = append(header, k, v)
		}
		return reply(e.Response.Status, string(e.Response.Body), header...)(), nil
	}
	return p
}

// canonical maps the two addresses of an organization's list to one: later
// pages were recorded under the organization's number, to which the next links
// lead, while go-github makes the URL of each page from the name.
func canonical(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	q := u.Query()
	u.Path = strings.Replace(u.Path, "/organizations/107424/", "/orgs/jenkinsci/", 1)
	if q.Get("page") == "1" {
		q.Del("page")
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// byPage lists as go-github's documentation shows.
func byPage(t *testing.T, gh *github.Client) []*github.Repository {
	t.Helper()
	var all []*github.Repository
	opt := &github.RepositoryListByOrgOptions{ListOptions: github.ListOptions{PerPage: 100}}
	for {
		page, resp, err := gh.Repositories.ListByOrg(t.Context(), "jenkinsci", opt)
		if err != nil {
			t.Fatalf("page %d: %v", opt.Page, err)
		}
		all = append(all, page...)
		if resp.NextPage == 0 {
			return all
		}
		opt.Page = resp.NextPage
	}
}

// byLink follows the next links to wherever they lead, as GitHub asks.
func byLink(t *testing.T, gh *github.Client) []*github.Repository {
	t.Helper()
	var all []*github.Repository
	for next := "orgs/jenkinsci/repos?per_page=100"; next != ""; {
		req, err := gh.NewRequest(http.MethodGet, next, nil)
		if err != nil {
			t.Fatal(err)
		}
		var page []*github.Repository
		resp, err := gh.Do(t.Context(), req, &page)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		next = nextLink(resp.Header.Get("Link"))
	}
	return all
}

func nextLink(header string) string {
	for link := range strings.SplitSeq(header, ",") {
		target, params, _ := strings.Cut(strings.TrimSpace(link), ";")
		if strings.Contains(params, `rel="next"`) {
			return strings.Trim(target, "<>")
		}
	}
	return ""
}

func TestI15_Recorded_organization_is_listed_whole_and_its_numbers_are_the_managers(t *testing.T) {
	t.Parallel()
	rec := organization2019(t)
	walks := map[string]func(*testing.T, *github.Client) []*github.Repository{"by page": byPage, "by next link": byLink}
	// A bubble begins in the year 2000, so that a clock which stands still is
	// nineteen years behind the host's.
	clocks := map[string]func(t *testing.T, e exchange){
		"our clock stands still": func(*testing.T, exchange) {},
		"our clock follows the host's": func(t *testing.T, e exchange) {
			time.Sleep(time.Until(e.date(t)))
		},
	}
	for walkName, walk := range walks {
		for clockName, arrive := range clocks {
			t.Run(walkName+", "+clockName, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					arrive(t, rec.Exchanges[0])
					m := manager(t, "a")
					p := newPlayer(rec, func(e exchange) { arrive(t, e) })
					gh := github.NewClient(&http.Client{Transport: over(p, m)})
					org, _, err := gh.Organizations.Get(t.Context(), "jenkinsci")
					if err != nil || org.GetLogin() != "jenkinsci" {
						t.Fatalf("Organizations.Get() = %q, %v", org.GetLogin(), err)
					}
					seen := map[int64]int{}
					for _, r := range walk(t, gh) {
						seen[r.GetID()]++
						if r.GetFullName() == "" {
							t.Errorf("repository %d has no name", r.GetID())
						}
					}
					for id, n := range seen {
						if n != 1 {
							t.Errorf("repository %d was listed %d times", id, n)
						}
					}
					if len(seen) != 2204 || len(p.calls()) != len(rec.Exchanges) {
						t.Errorf("%d repositories in %d calls, want 2204 in %d", len(seen), len(p.calls()), len(rec.Exchanges))
					}
					checkNumbers(t, status(t, m, "a"), p.last)
				})
			})
		}
	}
}

// checkNumbers compares what the manager knows now, at the receipt of the last
// answer, with what that answer said.
func checkNumbers(t *testing.T, got tokens.TokenStatus, last exchange) {
	t.Helper()
	number := func(key string) int64 {
		n, err := strconv.ParseInt(last.Response.Headers[key], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if limit, known := got.Limit.Get(); !known || limit != number("X-RateLimit-Limit") {
		t.Errorf("Limit = %d, %v, want %d", limit, known, number("X-RateLimit-Limit"))
	}
	if left, known := got.Remaining.Get(); !known || left != number("X-RateLimit-Remaining") {
		t.Errorf("Remaining = %d, %v, want %d", left, known, number("X-RateLimit-Remaining"))
	}
	want := time.Unix(number("X-RateLimit-Reset"), 0).Sub(last.date(t))
	if until := time.Until(got.Reset); until != want {
		t.Errorf("Reset is in %v, want %v", until, want)
	}
}
