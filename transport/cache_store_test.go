package transport_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// mapStore is a Store that a test can look into and spoil.
type mapStore struct {
	mu     sync.Mutex
	values map[string][]byte
	fail   error
}

func (s *mapStore) Get(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[key], s.fail
}

func (s *mapStore) Set(_ context.Context, key string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail == nil {
		if s.values == nil {
			s.values = map[string][]byte{}
		}
		s.values[key] = value
	}
	return s.fail
}

func (s *mapStore) Delete(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.values, key)
	return s.fail
}

func storedOver(base http.RoundTripper, s transport.Store, m *tokens.Manager) *transport.Transport {
	tr := cachedOver(base, m)
	tr.Cache.Store = s
	return tr
}

// What is kept outlives the Cache, and belongs to the same tokens.
func TestCache_finds_in_its_Store_what_another_has_kept(t *testing.T) {
	t.Parallel()
	w, s := tagged("text"), new(mapStore)
	for i := range 3 {
		tr := storedOver(w, s, manager(t, "a"))
		resp, got := download(t, tr, userURL)
		if hit := resp.Header.Get("X-From-Cache") == "1"; got != "text" || hit != (i > 0) {
			t.Errorf("cache %d: %q, hit %v", i+1, got, hit)
		}
	}
	resp, _ := download(t, storedOver(w, s, manager(t, "b")), userURL)
	if resp.Header.Get("X-From-Cache") != "" {
		t.Error("another token got what is kept for the first")
	}
}

// Neither keys nor values hold a credential, whatever goes wrong on the way.
func TestI1_Cache_keeps_no_credential(t *testing.T) {
	t.Parallel()
	a, b := canary.Token("stored-a"), canary.Token("stored-b")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{a, b}, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 3}}})
	s := new(mapStore)
	tr := storedOver(sim, s, manager(t, "stored-a", "stored-b"))
	tr.Cache.Recompute = true
	for range 2 {
		for _, path := range []string{"/user", "/orgs/acme/repos", "/repos/acme/repo-0001", "/users/user-1"} {
			download(t, tr, "https://api.github.com"+path, "Authorization", "Bearer "+canary.Token("callers"), "Cookie", "session="+canary.Token("cookie"))
		}
	}
	if len(s.values) != 8 || tr.Cache.Stats().Hits != 4 {
		t.Fatalf("%d values, %+v", len(s.values), tr.Cache.Stats())
	}
	for key, value := range s.values {
		if n, err := hex.DecodeString(key); err != nil || len(n) != 32 {
			t.Errorf("key %q is not 64 hexadecimal digits", key)
		}
		for _, secret := range []string{canary.Mark, a, b} {
			if strings.Contains(strings.ToLower(key+string(value)), strings.ToLower(secret)) {
				t.Error("a value holds a credential")
			}
		}
	}
	noSecret(t, "Stats", tr.Cache.Stats())
}

// Damage is nothing being there.
func TestCache_takes_damaged_values_for_none(t *testing.T) {
	t.Parallel()
	spoil := map[string]func(s *mapStore, key string, v []byte) []byte{
		"cut off":           func(_ *mapStore, _ string, v []byte) []byte { return v[:len(v)-1] },
		"cut to nothing":    func(_ *mapStore, _ string, v []byte) []byte { return v[:1] },
		"empty":             func(_ *mapStore, _ string, v []byte) []byte { return []byte{} },
		"too long":          func(_ *mapStore, _ string, v []byte) []byte { return append(bytes.Clone(v), 0) },
		"another last byte": func(_ *mapStore, _ string, v []byte) []byte { v = bytes.Clone(v); v[len(v)-1] ^= 1; return v },
		"another header": func(_ *mapStore, _ string, v []byte) []byte {
			return bytes.Replace(v, []byte(`"v"`), []byte(`"w"`), 1)
		},
		"another version": func(_ *mapStore, _ string, v []byte) []byte { v = bytes.Clone(v); v[1]++; return v },
		"an entry of another key": func(s *mapStore, key string, v []byte) []byte {
			for k, other := range s.values {
				if k != key && other[0] == v[0] && v[0] == 'e' {
					return other
				}
			}
			return v
		},
		"of another key": func(s *mapStore, key string, v []byte) []byte {
			for k, other := range s.values {
				if k != key && other[0] == v[0] {
					return other
				}
			}
			return nil
		},
	}
	for name, f := range spoil {
		w := &wire{answer: func(s sent) (*http.Response, error) {
			if s.Header.Get("If-None-Match") != "" {
				return reply(304, "", "ETag", `"v"`)(), nil
			}
			return reply(200, s.URL, "ETag", `"v"`)(), nil
		}}
		s := new(mapStore)
		tr := storedOver(w, s, manager(t, "a"))
		download(t, tr, userURL)
		download(t, tr, userURL+"/other")
		spoiled := map[string][]byte{}
		for k, v := range s.values {
			spoiled[k] = f(s, k, v)
		}
		s.values = spoiled
		for i := range 2 {
			resp, got := download(t, tr, userURL)
			if got != userURL || (resp.Header.Get("X-From-Cache") == "1") != (i == 1) {
				t.Errorf("%s, call %d: %q, from the cache %q", name, i+1, got, resp.Header.Get("X-From-Cache"))
			}
		}
	}
}

func TestCache_does_without_a_Store_that_fails_and_says_so_once(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	tr := storedOver(tagged("text"), &mapStore{fail: errors.New("disk on fire")}, manager(t, "a"))
	tr.Logger = slog.New(slog.NewTextHandler(&log, nil))
	for range 3 {
		if _, got := download(t, tr, userURL); got != "text" {
			t.Errorf("%q", got)
		}
	}
	send(t, tr, request(t, "DELETE", userURL, ""))
	if n := strings.Count(log.String(), "disk on fire"); n != 1 || !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("it is told %d times: %s", n, log.String())
	}
	if s := tr.Cache.Stats(); s.Errors < 6 || s.Kept != 0 {
		t.Errorf("Stats() = %+v", s)
	}
}

// Two Transports may share a Cache, and two hosts do not meet in it.
func TestCache_keeps_hosts_apart(t *testing.T) {
	t.Parallel()
	w := &wire{answer: func(s sent) (*http.Response, error) { return reply(200, s.Host, "ETag", `"v"`)(), nil }}
	m := managerOf(t,
		tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(canary.Token("one"))},
		tokens.Token{Provider: tokens.GitHub, Host: "https://git.example.com", Secret: tokens.Static(canary.Token("two"))})
	cache := new(transport.Cache)
	for range 2 {
		tr := cachedOver(w, m)
		tr.Cache = cache
		for url, want := range map[string]string{
			"https://api.github.com/a": "api.github.com", "https://git.example.com/api/v3/a": "git.example.com", "https://uploads.github.com/a": "uploads.github.com",
		} {
			if _, got := download(t, tr, url); got != want {
				t.Errorf("%s answers %q", url, got)
			}
		}
	}
	if s := cache.Stats(); s.Entries != 3 || s.Changed != 3 {
		t.Errorf("Stats() = %+v", s)
	}
}

// What goes to no token's host, or with a credential of its own, is not kept.
func TestI2_Cache_has_nothing_to_do_with_requests_without_a_managers_token(t *testing.T) {
	t.Parallel()
	w := tagged("text")
	tr := cachedOver(w, manager(t, "a"))
	tr.Credential = transport.KeepCredential
	for range 2 {
		download(t, tr, "https://download.example.com/file")
		download(t, tr, userURL, "Authorization", "Bearer own")
	}
	if s := tr.Cache.Stats(); s != (transport.CacheStats{}) {
		t.Errorf("Stats() = %+v", s)
	}
}
