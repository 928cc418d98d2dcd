package fleettest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/google/go-cmp/cmp"
)

// simulator is what all simulated hosts can do.
type simulator interface {
	http.RoundTripper
	http.Handler
	fmt.Stringer
	fmt.Formatter
	Serve() *fleettest.Server
	ServePipe() *fleettest.Server
	AddToken(login, token string)
	Revoke(token string)
	Restore(token string)
	Expire(token string, t time.Time)
	Spend(token, resource string, n int)
	SetRemaining(token, resource string, n int)
	Inject(fleettest.Fault)
	SetContents(owner, repository string, contents fleettest.Contents)
	Requests() []fleettest.Request
	Stats() fleettest.Stats
	Leaks() []fleettest.Leak
}

// hosts are the simulated hosts and a path of each that shows the user, one
// that creates something, and what to send there.
var hosts = []struct {
	name, home, prefix string
	create, body       string
	make               func(fleettest.Config) simulator
}{
	{"GitHub", "https://api.github.com", "", "/repos/acme/repo-0001/issues", `{"title":"t"}`, func(c fleettest.Config) simulator { return fleettest.NewGitHub(c) }},
	{"GitLab", "https://gitlab.com", "/api/v4", "/projects/acme%2Frepo-0001/issues", `{"title":"t"}`, func(c fleettest.Config) simulator { return fleettest.NewGitLab(c) }},
	{"Bitbucket", "https://api.bitbucket.org", "/2.0", "/repositories/acme/repo-0001/pullrequests", `{"title":"t","source":{"branch":{"name":"b"}}}`, func(c fleettest.Config) simulator { return fleettest.NewBitbucket(c) }},
}

func TestHosts_revoke_expire_and_take_tokens_while_they_run(t *testing.T) {
	t.Parallel()
	for _, h := range hosts {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				first, second := canary.Token("hosts-first"), canary.Token("hosts-second")
				sim := h.make(fleettest.Config{Tokens: []string{first}})
				status := func(token string) int { return get(t, sim, token, h.home+h.prefix+"/user").status }
				var got []int
				note := func() { got = append(got, status(first), status(second)) }
				note()
				sim.AddToken("user-1", second)
				sim.Revoke(first)
				note()
				sim.Restore(first)
				sim.Expire(second, time.Now().Add(time.Hour))
				note()
				time.Sleep(time.Hour)
				note()
				if want := []int{200, 401, 401, 200, 200, 200, 200, 401}; !cmp.Equal(got, want) {
					t.Errorf("answered %v, want %v", got, want)
				}
				if log := sim.Requests(); log[3].Account != "user-1" || log[3].Token != 2 {
					t.Errorf("logged as token %d of %q", log[3].Token, log[3].Account)
				}
			})
		})
	}
}

func TestHosts_faults_strike_over_memory_and_pipe(t *testing.T) {
	t.Parallel()
	for _, h := range hosts {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				token := canary.Token("hosts-faults")
				sim := h.make(fleettest.Config{
					Tokens: []string{token}, Latency: time.Second,
					Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}},
				})
				s := sim.ServePipe()
				defer s.Close()
				for name, rt := range map[string]http.RoundTripper{"memory": sim, "pipe": s.Transport()} {
					create := request{method: "POST", path: h.home + h.prefix + h.create, token: token, body: h.body}
					sim.Inject(fleettest.Fault{Drop: true})
					sim.Inject(fleettest.Fault{Status: 502, Body: "<html>", Delay: time.Minute})
					if resp, err := rt.RoundTrip(create.build(t)); err == nil {
						resp.Body.Close()
						t.Errorf("%s: a dropped call was answered %s", name, resp.Status)
					}
					start := time.Now()
					if r := send(t, rt, create); r.status != 502 || r.body != "<html>" || time.Since(start) != time.Minute+time.Second {
						t.Errorf("%s: %d %q after %v", name, r.status, r.body, time.Since(start))
					}
					if r := send(t, rt, create); r.status != 201 {
						t.Errorf("%s: third call is %d, want 201", name, r.status)
					}
				}
				if got := sim.Stats(); got.Faulty != 4 || got.Requests != 6 {
					t.Errorf("counted %d faults in %d requests", got.Faulty, got.Requests)
				}
			})
		})
	}
}

func TestHosts_answer_with_the_address_they_are_served_at(t *testing.T) {
	t.Parallel()
	lists := map[string]string{"GitHub": "/orgs/acme/repos", "GitLab": "/groups/acme/projects", "Bitbucket": "/repositories/acme"}
	for _, h := range hosts {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			token := canary.Token("hosts-served")
			sim := h.make(fleettest.Config{Tokens: []string{token}, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 60}}})
			s := sim.Serve()
			t.Cleanup(s.Close)
			base := s.URL + h.prefix
			r := get(t, s.Transport(), token, base+lists[h.name])
			if r.status != 200 || !strings.Contains(r.header.Get("Link")+r.body, base) || strings.Contains(r.header.Get("Link")+r.body, h.home+h.prefix) {
				t.Errorf("%d with links to another place", r.status)
			}
		})
	}
}

func TestI1_no_host_prints_a_token(t *testing.T) {
	t.Parallel()
	// An access token of Bitbucket has a "=" in it.
	token, second := canary.Token("hosts-print"), canary.Token("hosts-second")+"=12AB34CD"
	for _, h := range hosts {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			sim := h.make(fleettest.Config{Tokens: []string{token, second}})
			s := sim.ServePipe()
			t.Cleanup(s.Close)
			get(t, sim, token, h.home+h.prefix+"/user?private_token="+token+"&x="+second)
			get(t, sim, second, h.home+h.prefix+"/"+second+"/"+token)
			_, err := sim.RoundTrip(request{path: "https://example.com/", header: http.Header{"X-Mine": {second}}}.build(t))
			if want := []fleettest.Leak{{"https", "example.com", "X-Mine"}}; err == nil || !cmp.Equal(sim.Leaks(), want) {
				t.Errorf("foreign host: %v, %d leaks", err, len(sim.Leaks()))
			}
			for _, v := range []any{sim, s, sim.Requests(), sim.Stats(), sim.Leaks(), err} {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q", "%x"} {
					leaks(t, fmt.Sprintf("%T with %s", v, verb), fmt.Sprintf(verb, v))
				}
			}
			log, err := json.Marshal(sim.Requests())
			if err != nil || strings.Contains(string(log), "12AB34CD") {
				t.Errorf("the log has a part of a token: %v", err)
			}
			leaks(t, "log", string(log)+sim.String())
			if want := "fleettest." + h.name + "{2 accounts, 3 requests}"; sim.String() != want {
				t.Errorf("String() = %q, want %q", sim.String(), want)
			}
		})
	}
}

func TestI1_misuse_of_any_host_panics_without_the_token(t *testing.T) {
	t.Parallel()
	token := canary.Token("hosts-misuse")
	lab, bucket := fleettest.NewGitLab(fleettest.Config{}), fleettest.NewBitbucket(fleettest.Config{})
	limits := map[string]int{"GET /nothing": 1}
	tests := map[string]func(){
		"GitLab Revoke":        func() { lab.Revoke(token) },
		"GitLab Rename":        func() { lab.Rename("acme", "none", "new") },
		"GitLab limit":         func() { fleettest.NewGitLab(fleettest.Config{Limits: limits}) },
		"GitLab account limit": func() { fleettest.NewGitLab(fleettest.Config{Accounts: []fleettest.Account{{Limits: limits}}}) },
		"GitLab window": func() {
			fleettest.NewGitLab(fleettest.Config{Windows: map[string]time.Duration{"core": time.Hour}})
		},
		"GitLab user":     func() { fleettest.NewGitLab(fleettest.Config{Users: []fleettest.Owner{{Login: "a/b"}}}) },
		"GitLab resource": func() { lab.AddToken("a", token+"-more"); lab.Spend(token+"-more", "GET /user", 1) },
		"Bitbucket Spend": func() { bucket.Spend(token, "", 1) },
		"Bitbucket limit": func() { fleettest.NewBitbucket(fleettest.Config{Limits: map[string]int{"core": 1}}) },
		"Bitbucket group": func() {
			fleettest.NewBitbucket(fleettest.Config{Organizations: []fleettest.Owner{{Login: "a/b"}}})
		},
	}
	for name, misuse := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				p := fmt.Sprint(recover())
				if !strings.HasPrefix(p, "fleettest: ") {
					t.Errorf("panicked with %q", p)
				}
				leaks(t, "panic", p)
			}()
			misuse()
		})
	}
}

func TestI3_every_host_leaves_the_request_as_it_was(t *testing.T) {
	t.Parallel()
	for _, h := range hosts {
		token := canary.Token("hosts-untouched")
		sim := h.make(fleettest.Config{Tokens: []string{token}, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}}})
		r := request{method: "POST", path: h.home + h.prefix + h.create, token: token, body: h.body}.build(t)
		body := &closeCounter{ReadCloser: r.Body}
		r.Body = body
		header, url := r.Header.Clone(), r.URL.String()
		resp, err := sim.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.Request != r || body.closed != 1 || r.Body != body || !cmp.Equal(r.Header, header) || r.URL.String() != url {
			t.Errorf("%s: body closed %d times, headers the same: %t", h.name, body.closed, cmp.Equal(r.Header, header))
		}
	}
}

func TestHosts_data_is_the_same_for_the_same_seed(t *testing.T) {
	t.Parallel()
	paths := map[string]string{"GitHub": "/orgs/acme/repos", "GitLab": "/projects/1001000001/merge_requests?per_page=100", "Bitbucket": "/repositories/acme"}
	for _, h := range hosts {
		body := func(seed uint64) string {
			sim := h.make(fleettest.Config{Seed: seed, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 20}}})
			return get(t, sim, "", h.home+h.prefix+paths[h.name]).body
		}
		if first := body(1); body(1) != first || body(2) == first {
			t.Errorf("%s: the seed does not make the data", h.name)
		}
	}
}
