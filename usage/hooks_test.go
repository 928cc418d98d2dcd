package usage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	"github.com/gitfleet/gitfleet/usage"
)

// host answers requests in memory.
type host func(*http.Request) (*http.Response, error)

func (h host) RoundTrip(r *http.Request) (*http.Response, error) { return h(r) }

func manager(t *testing.T, base http.RoundTripper, names ...string) *tokens.Manager {
	t.Helper()
	var list []tokens.Token
	for _, name := range names {
		list = append(list, tokens.Token{
			Provider: tokens.GitHub, Label: name, Account: "account-" + name, Secret: tokens.Static(canary.Token(name)),
		})
	}
	m, err := tokens.NewManager(tokens.Config{Base: base}, list...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// get asks for an address and drops the answer.
func get(ctx context.Context, tr http.RoundTripper, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := tr.RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func TestHooks_record_what_came_of_every_attempt(t *testing.T) {
	t.Parallel()
	status := func(code int, header ...string) host {
		return func(r *http.Request) (*http.Response, error) {
			time.Sleep(80 * time.Millisecond)
			h := http.Header{"Content-Type": {"application/json"}}
			for i := 0; i < len(header); i += 2 {
				h.Set(header[i], header[i+1])
			}
			return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader("{}")), ContentLength: 2, Request: r}, nil
		}
	}
	failing := func(err error) host {
		return func(*http.Request) (*http.Response, error) { return nil, err }
	}
	spent := fmt.Sprint(time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC).Unix()) // bubbles begin at midnight
	for _, tt := range []struct {
		name string
		host host
		want string
	}{
		{"served", status(200), "success none 200 2 80ms"},
		{"not modified", status(304), "success none 304 2 80ms"},
		{"primary limit", status(403, "X-Ratelimit-Limit", "60", "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", spent, "X-Ratelimit-Resource", "core"), "reach_limit primary_limit 403 2 80ms"},
		{"secondary limit", status(429, "Retry-After", "3600"), "reach_limit secondary_limit 429 2 80ms"},
		{"unauthorized", status(401), "failed unauthorized 401 2 80ms"},
		{"not found", status(404), "failed not_found 404 2 80ms"},
		{"invalid", status(422), "failed client 422 2 80ms"},
		{"host failed", status(502), "failed server 502 2 80ms"},
		{"network", failing(errors.New("reset")), "failed network 0 -1 0s"},
		{"timeout", failing(fmt.Errorf("dial: %w", os.ErrDeadlineExceeded)), "failed timeout 0 -1 0s"},
		{"canceled", failing(context.Canceled), "failed canceled 0 -1 0s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := manager(t, tt.host, "alice")
				store := usage.NewMemory(0)
				rec := usage.NewRecorder(store, usage.Config{Lookup: m.Lookup})
				tr := &transport.Transport{Manager: m, Provider: tokens.GitHub, Base: tt.host, MaxWait: -1, Retries: -1, Hooks: rec.Hooks()}
				_ = get(t.Context(), tr, "https://api.github.com/repos/acme/tool/issues/17?per_page=5")
				closed(t, rec)
				events, _, err := store.Events(t.Context(), usage.Query{}, "", 10)
				if err != nil || len(events) == 0 {
					t.Fatalf("recorded %d events, %v", len(events), err)
				}
				e := events[len(events)-1]
				if got := fmt.Sprintf("%v %v %d %d %v", e.Outcome, e.Cause, e.Status, e.Bytes, e.Latency); got != tt.want {
					t.Errorf("recorded %q, want %q", got, tt.want)
				}
				want := usage.Series{
					Provider: tokens.GitHub, Host: "api.github.com", Token: m.AllTokens("")[0].ID, Label: "alice",
					Account: "account-alice", Resource: "core", Route: "GET /repos/{}/{}/issues/{}",
				}
				if e.Series != want {
					t.Errorf("recorded\n%+v, want\n%+v", e.Series, want)
				}
			})
		})
	}
}

func TestHooks_record_each_token_of_a_call_and_calls_that_got_none(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("alice"), canary.Token("bob")}, Limit: 1})
		sim.SetRemaining(canary.Token("alice"), "core", 0)
		m := manager(t, sim, "alice", "bob")
		store := usage.NewMemory(0)
		rec := usage.NewRecorder(store, usage.Config{Lookup: m.Lookup})
		tr := &transport.Transport{Manager: m, Provider: tokens.GitHub, Base: sim, MaxWait: -1, Hooks: rec.Hooks()}
		for n, wantErr := range []bool{false, true} {
			if err := get(t.Context(), tr, "https://api.github.com/users/user-1"); (err != nil) != wantErr {
				t.Errorf("call %d: %v", n, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := get(ctx, tr, "https://api.github.com/users/user-1"); err == nil {
			t.Error("a call whose context is over succeeded")
		}
		closed(t, rec)
		got := counted(t, store, usage.Query{}, usage.ByLabel, usage.ByOutcome, usage.ByCause)
		want := "/failed/canceled:1 /reach_limit/exhausted:1 alice/reach_limit/primary_limit:1 bob/success/none:1"
		if got != want {
			t.Errorf("recorded %q, want %q", got, want)
		}
		routes := counted(t, store, usage.Query{}, usage.ByHost, usage.ByRoute)
		if want := "api.github.com/GET /users/{}:4"; routes != want {
			t.Errorf("recorded %q, want %q", routes, want)
		}
	})
}

// A database that fails must not change a call: neither its answer nor its error
// nor the state of its token.
func TestRecorder_a_failing_store_changes_no_call(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("alice")}})
	m := manager(t, sim, "alice")
	db := sqliteFile(t)
	store := openStore(t, db, usage.SQLite)
	db.Close()
	rec := usage.NewRecorder(store, usage.Config{Lookup: m.Lookup})
	tr := &transport.Transport{Manager: m, Provider: tokens.GitHub, Base: sim, Hooks: rec.Hooks()}
	if err := get(t.Context(), tr, "https://api.github.com/user"); err != nil {
		t.Errorf("the call failed: %v", err)
	}
	if s := m.AllTokens("")[0].Status; !s.IsAvailable() {
		t.Errorf("the token is %v", s)
	}
	closed(t, rec)
	if got, want := rec.Counts(), (usage.Counts{Lost: 1}); got != want {
		t.Errorf("Counts() = %+v, want %+v", got, want)
	}
}

func TestI1_No_database_row_holds_a_secret(t *testing.T) {
	t.Parallel()
	secret := canary.Token("stored")
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			db := d.open(t)
			store := openStore(t, db, d.dialect)
			sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{secret}})
			m := manager(t, sim, "stored")
			rec := usage.NewRecorder(store, usage.Config{Lookup: m.Lookup, OnError: func(err error) { t.Error(err) }})
			tr := &transport.Transport{Manager: m, Provider: tokens.GitHub, Base: sim, Hooks: rec.Hooks()}
			for _, address := range []string{
				"https://api.github.com/user",
				"https://" + secret + "@api.github.com/user?access_token=" + secret + "&private_token=" + secret + "#" + secret,
				"https://api.github.com/user?any=" + secret,
				"https://api.github.com/" + secret + "/" + secret,
				"https://api.github.com/repos/acme/" + secret + "/keys/" + secret,
			} {
				_ = get(t.Context(), tr, address)
			}
			closed(t, rec)
			events, _, err := store.Events(t.Context(), usage.Query{}, "", 100)
			if err != nil || len(events) < 5 {
				t.Fatalf("%d events, %v, want 5", len(events), err)
			}
			if strings.Contains(fmt.Sprintf("%+v", events), canary.Mark) {
				t.Error("a row holds the secret")
			}
			var file string
			if d.name != "sqlite" {
				return
			}
			if err := db.QueryRow(`SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&file); err != nil {
				t.Fatal(err)
			}
			noCanary(t, filepath.Dir(file))
		})
	}
}

// noCanary fails if a file of a folder holds a token.
func noCanary(t *testing.T, dir string) {
	t.Helper()
	read := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		read += len(content)
		if bytes.Contains(content, []byte(canary.Mark)) {
			t.Errorf("%s holds the secret", filepath.Base(path))
		}
		return err
	})
	if err != nil || read == 0 {
		t.Errorf("read %d bytes, %v", read, err)
	}
}
