package transport_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// origin is a host whose answers change all the time, and are not the same for
// all: tokens whose names begin with p see what is private.
type origin struct {
	versions [8]atomic.Int64
	spent    [6]atomic.Bool // by the last digit of the token's name
	byBody   bool           // the validator is a hash of the body alone, as GitLab's
}

func (o *origin) body(i int, version int64, token string) string {
	return fmt.Sprintf("%d %d %.1s", i, version, token)
}

func (o *origin) RoundTrip(r *http.Request) (*http.Response, error) {
	token := nameOf(r.Header.Get("Authorization"))
	i := int(r.URL.Path[len(r.URL.Path)-1] - '0')
	if o.spent[token[1]-'0'].Load() {
		return primary(403, time.Now().Add(time.Hour), "core")(), nil
	}
	if r.Method == "POST" {
		o.versions[i].Add(1)
		return reply(201, "{}")(), nil
	}
	text := o.body(i, o.versions[i].Load(), token)
	etag := `"` + hashOf(text) + `"`
	if !o.byBody {
		etag = `W/"` + hashOf(r.Header.Get("Authorization")+":"+text) + `"`
	}
	header := []string{"ETag", etag, "Vary", "Accept, Authorization", "X-Oauth-Scopes", token}
	for tag := range strings.SplitSeq(r.Header.Get("If-None-Match"), ", ") {
		if strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(etag, "W/") {
			return reply(304, "", header...)(), nil
		}
	}
	return reply(200, text, header...)(), nil
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Whatever token serves, and whatever changes meanwhile, the body is what that
// token sees, and no older than the call.
func TestI8_Cache_never_returns_a_stale_or_foreign_body_when_tokens_swap(t *testing.T) {
	t.Parallel()
	for _, recompute := range []bool{false, true} {
		for _, byBody := range []bool{false, true} {
			t.Run(fmt.Sprintf("recompute_%v_by_body_%v", recompute, byBody), func(t *testing.T) {
				t.Parallel()
				names := []string{"a0", "a1", "p2", "a3", "p4", "a5"}
				o := &origin{byBody: byBody}
				m := manager(t, names...)
				tr := cachedOver(o, m)
				tr.Cache.Recompute = recompute
				var wg sync.WaitGroup
				for w := range 8 {
					wg.Go(func() { o.shake(t, tr, m, rand.New(rand.NewPCG(uint64(w), 7))) })
				}
				wg.Wait()
				s := tr.Cache.Stats()
				if s.Hits < 100 || s.Changed == 0 && !recompute || (s.Recomputed > 0) != (recompute && !byBody) {
					t.Errorf("Stats() = %+v", s)
				}
				if n := inFlight(m); n != 0 {
					t.Errorf("%d leases are out", n)
				}
			})
		}
	}
}

// shake sends calls, changes things and spends tokens.
func (o *origin) shake(t *testing.T, tr *transport.Transport, m *tokens.Manager, rnd *rand.Rand) {
	for range 500 {
		i := rnd.IntN(len(o.versions))
		url := fmt.Sprint("https://api.github.com/items/", i)
		switch rnd.IntN(20) {
		case 0:
			o.versions[i].Add(1)
		case 1:
			resp, err := tr.RoundTrip(request(t, "POST", url, "x"))
			if err == nil {
				resp.Body.Close()
			}
		case 2:
			infos := m.AllTokens("")
			id := infos[rnd.IntN(len(infos))].ID
			_ = m.Disable(id, "test")
			defer m.Enable(id)
		case 3:
			for _, info := range m.AllTokens("") {
				_ = m.Enable(info.ID)
			}
		}
		before := o.versions[i].Load()
		resp, err := tr.RoundTrip(request(t, "GET", url, ""))
		if err != nil {
			if !isExhausted(err) {
				t.Error(err)
			}
			continue
		}
		got := text(t, resp)
		_, label, _ := transport.TokenOf(resp)
		if strings.Contains(resp.Header.Get("Cache-Status"), "collapsed") {
			before = 0 // it was asked for before
		}
		fits := func(v int64) bool { return got == o.body(i, v, label) }
		if !slices.ContainsFunc(span(before, o.versions[i].Load()), fits) || resp.Header.Get("X-Oauth-Scopes") != label {
			t.Errorf("token %s got %q with the scopes of %q, between versions %d and %d", label, got, resp.Header.Get("X-Oauth-Scopes"), before, o.versions[i].Load())
		}
	}
}

func span(from, to int64) []int64 {
	var all []int64
	for v := from; v <= to; v++ {
		all = append(all, v)
	}
	return all
}

// twoAccounts is a simulated GitHub with one account that has two calls, and one
// that has many.
func twoAccounts(t testing.TB) (*fleettest.GitHub, *transport.Transport) {
	sim := fleettest.NewGitHub(fleettest.Config{Accounts: []fleettest.Account{
		{Login: "poor", Tokens: []string{canary.Token("poor")}, Limit: 2},
		{Login: "rich", Tokens: []string{canary.Token("rich")}},
	}})
	m := managerOf(t, prioritized("poor", 1), prioritized("rich", 0))
	return sim, cachedOver(sim, m)
}

func prioritized(name string, priority int) tokens.Token {
	return tokens.Token{Provider: tokens.GitHub, Label: name, Priority: priority, Secret: tokens.Static(canary.Token(name))}
}

func TestCache_asks_with_another_token_when_the_one_that_holds_the_answer_is_spent(t *testing.T) {
	t.Parallel()
	for _, recompute := range []bool{false, true} {
		sim, tr := twoAccounts(t)
		tr.Cache.Recompute = recompute
		var served []string
		for i := range 6 {
			if i == 2 {
				sim.Spend(canary.Token("poor"), "core", 5)
				download(t, tr, "https://api.github.com/users/rich") // the manager finds out
			}
			resp, got := download(t, tr, "https://api.github.com/users/poor")
			_, label, _ := transport.TokenOf(resp)
			served = append(served, label+resp.Header.Get("X-From-Cache"))
			if !strings.Contains(got, `"login":"poor"`) {
				t.Errorf("call %d: %.40q", i, got)
			}
		}
		want := "poor poor1 rich rich1 rich1 rich1"
		if recompute {
			want = "poor poor1 rich1 rich1 rich1 rich1"
		}
		if got := strings.Join(served, " "); got != want {
			t.Errorf("recompute %v: served by %s, want %s", recompute, got, want)
		}
	}
}

// A token that gets a new secret has new validators at GitHub.
func TestCache_Recompute_stays_free_when_a_secret_changes(t *testing.T) {
	t.Parallel()
	for _, recompute := range []bool{false, true} {
		one, two := canary.Token("secret-one"), canary.Token("secret-two")
		sim := fleettest.NewGitHub(fleettest.Config{Accounts: []fleettest.Account{{Login: "octocat", Tokens: []string{one, two}}}})
		m := managerOf(t, tokens.Token{Provider: tokens.GitHub, Label: "app", Secret: tokens.Static(one)})
		tr := cachedOver(sim, m)
		tr.Cache.Recompute = recompute
		var hits []string
		for i := range 5 {
			if i == 2 {
				if err := m.Rotate(m.AllTokens("")[0].ID, tokens.Static(two)); err != nil {
					t.Fatal(err)
				}
			}
			resp, got := download(t, tr, "https://api.github.com/users/octocat")
			hits = append(hits, "x"+resp.Header.Get("X-From-Cache"))
			if !strings.Contains(got, `"login":"octocat"`) {
				t.Errorf("call %d: %.40q", i, got)
			}
		}
		want := "x x1 x x1 x1"
		if recompute {
			want = "x x1 x1 x1 x1"
		}
		if got := strings.Join(hits, " "); got != want {
			t.Errorf("recompute %v: hits %s, want %s", recompute, got, want)
		}
	}
}

// A wrong guess costs an answer and nothing else, and only GitHub's is guessed.
func TestCache_Recompute_that_guesses_wrong_returns_what_the_host_says(t *testing.T) {
	t.Parallel()
	w := tagged("text")
	m := manager(t, "a", "b")
	tr := cachedOver(w, m)
	tr.Cache.Recompute = true
	for _, info := range m.AllTokens("") {
		r := get(t)
		if _, got := send(t, tr, r.WithContext(transport.WithToken(r.Context(), info.ID))); got != "text" {
			t.Errorf("%s got %q", info.Label, got)
		}
	}
	sums := w.calls()
	if tag := sums[1].Header.Get("If-None-Match"); len(tag) != 66 || strings.HasPrefix(tag, "W/") {
		t.Errorf("If-None-Match is %q, want a SHA-256", tag)
	}
	if s := tr.Cache.Stats(); s.Misses != 1 || s.Changed != 1 || s.Recomputed != 0 {
		t.Errorf("Stats() = %+v", s)
	}
	ent := managerOf(t, tokens.Token{Provider: tokens.GitHub, Host: "https://git.example.com", Label: "e1", Secret: tokens.Static(canary.Token("e1"))},
		tokens.Token{Provider: tokens.GitHub, Host: "https://git.example.com", Label: "e2", Secret: tokens.Static(canary.Token("e2"))})
	we := tagged("text")
	te := cachedOver(we, ent)
	te.Cache.Recompute = true
	for _, info := range ent.AllTokens("") {
		r := request(t, "GET", "https://git.example.com/api/v3/users/a", "")
		send(t, te, r.WithContext(transport.WithToken(r.Context(), info.ID)))
	}
	if tag := we.calls()[1].Header.Get("If-None-Match"); tag != "" {
		t.Errorf("an Enterprise Server was asked with If-None-Match %q", tag)
	}
}

// The hash of what is shown in public: no credential, no Accept.
func TestCache_Recompute_leaves_compressed_bodies_alone(t *testing.T) {
	t.Parallel()
	w := tagged("compressed", "Content-Encoding", "gzip")
	m := manager(t, "a", "b")
	tr := cachedOver(w, m)
	tr.Cache.Recompute = true
	for _, info := range m.AllTokens("") {
		r := get(t)
		r.Header.Set("Accept-Encoding", "gzip")
		resp, got := send(t, tr, r.WithContext(transport.WithToken(r.Context(), info.ID)))
		if got != "compressed" || resp.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%q with Content-Encoding %q", got, resp.Header.Get("Content-Encoding"))
		}
	}
	if tag := w.calls()[1].Header.Get("If-None-Match"); tag != "" {
		t.Errorf("If-None-Match is %q for a body whose hash is not known", tag)
	}
}

// A list that grows has the same first page and another last one.
func TestI15_Cache_follows_the_links_of_now(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{canary.Token("a")},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}},
	})
	tr := cachedOver(sim, manager(t, "a"))
	for _, branches := range []int{2, 2, 5} {
		sim.SetContents("acme", "repo-0001", fleettest.Contents{Branches: branches})
		names := 0
		url := "https://api.github.com/repos/acme/repo-0001/branches?per_page=2"
		for url != "" {
			resp, got := download(t, tr, url)
			names += strings.Count(got, `"name"`)
			url = ""
			if link := resp.Header.Get("Link"); strings.Contains(link, `rel="next"`) {
				before, _, _ := strings.Cut(link, `>; rel="next"`)
				url = before[strings.LastIndex(before, "<")+1:]
			}
		}
		if names != branches {
			t.Errorf("%d branches, want %d", names, branches)
		}
	}
	if s := tr.Cache.Stats(); s.Hits != 2 {
		t.Errorf("Stats() = %+v, want the first page from the cache twice", s)
	}
}

// Go's own transport undoes a compression that the caller did not ask for.
func TestCache_keeps_what_was_decompressed(t *testing.T) {
	t.Parallel()
	synced := 0
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		synced++
		if r.Header.Get("If-None-Match") == `W/"gz"` {
			return reply(304, "", "ETag", `"gz"`)(), nil
		}
		a := reply(200, `{"a":1}`, "ETag", `W/"gz"`)()
		a.Uncompressed, a.ContentLength = true, -1
		return a, nil
	})
	tr := cachedOver(base, manager(t, "a"))
	for range 2 {
		resp, got := download(t, tr, userURL)
		if got != `{"a":1}` || resp.Header.Get("Content-Encoding") != "" {
			t.Errorf("%q, %v", got, resp.Header)
		}
	}
	if s := tr.Cache.Stats(); s.Hits != 1 || synced != 2 {
		t.Errorf("Stats() = %+v", s)
	}
}

// What the first attempt asked with does not count for the second.
func TestI8_Cache_a_304_to_a_request_without_a_validator_is_not_anothers_answer(t *testing.T) {
	t.Parallel()
	w := &wire{answer: func(s sent) (*http.Response, error) {
		switch s.Number {
		case 1:
			return taggedAnswer(s, "private"), nil
		case 2:
			return primary(403, time.Now().Add(time.Hour), "core")(), nil
		}
		return reply(304, "")(), nil
	}}
	tr := cachedOver(w, manager(t, "a", "b"))
	download(t, tr, userURL)
	resp, got := download(t, tr, userURL)
	if resp.StatusCode != 304 || got != "" || w.calls()[2].Header.Get("If-None-Match") != "" {
		t.Errorf("status %d, %q", resp.StatusCode, got)
	}
}

func TestCache_Recompute_tells_nothing_of_the_token_that_got_the_answer(t *testing.T) {
	t.Parallel()
	w := &wire{answer: func(s sent) (*http.Response, error) {
		if s.Header.Get("If-None-Match") != "" {
			return reply(304, "")(), nil // GitHub leaves out the ETag at times (NixOS/nix, pull request 4470)
		}
		return taggedAnswer(s, "text", "X-OAuth-Scopes", "repo", "X-GitHub-SSO", "partial-results; organizations=1"), nil
	}}
	m := manager(t, "a", "b")
	tr := cachedOver(w, m)
	tr.Cache.Recompute = true
	for i, info := range m.AllTokens("") {
		r := get(t)
		resp, got := send(t, tr, r.WithContext(transport.WithToken(r.Context(), info.ID)))
		if i == 0 {
			continue
		}
		h := resp.Header
		if got != "text" || h.Get("X-OAuth-Scopes")+h.Get("X-GitHub-SSO") != "" || h.Get("ETag") != w.calls()[1].Header.Get("If-None-Match") {
			t.Errorf("%q, %v", got, h)
		}
	}
}
