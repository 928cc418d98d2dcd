package tokens

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
)

func FuzzEnv_entries(f *testing.F) {
	for _, s := range []string{"%s", "ci %s", "a %s https://git.example.com, b:%s", "me:%s", ",%s,", "%s %s", "x %s ftp://y", "%s https://"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		list = strings.ReplaceAll(list, "%s", canary.Token("fuzzed"))
		ts, err := parseEntries(GitHub, list)
		if err != nil {
			if strings.Contains(err.Error(), canary.Mark) {
				t.Fatal("the error quotes the secret")
			}
			return
		}
		if len(ts) == 0 || len(ts) > 1+strings.Count(list, ",") {
			t.Fatalf("%d tokens", len(ts))
		}
		for _, token := range ts {
			if err := token.check(); err != nil {
				t.Fatalf("a token that the manager refuses: %v", err)
			}
			if strings.Contains(token.Label, token.Secret.Reveal()) {
				t.Fatal("a label holds the secret")
			}
		}
	})
}

func FuzzCommand_output(f *testing.F) {
	f.Add("protocol=https\nhost=github.com\nusername=me\npassword=%s\n")
	f.Add("password=%s\npassword_expiry_utc=9999999999999999\n")
	f.Add("%s\n")
	f.Add(`["%s"]`)
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ReplaceAll(text, "%s", canary.Token("fuzzed"))
		for _, p := range []ProviderType{GitHub, Bitbucket} {
			ts, err := command{provider: p}.parse(text)
			if err != nil && strings.Contains(err.Error(), canary.Mark) {
				t.Fatal("the error quotes the secret")
			}
			for _, token := range ts {
				if err := token.check(); err != nil {
					t.Fatalf("a token that the manager refuses: %v", err)
				}
			}
		}
	})
}

func FuzzProbePath(f *testing.F) {
	for _, s := range []string{"/rate_limit", "/api/v3/meta?x=1", "/api/../x", "//evil.example", "/api/%2e%2e/x", "/api/v3/%2f", "x"} {
		f.Add(s)
	}
	places := []place{}
	for _, base := range []string{"", "https://git.example.com/below", "http://git.example.com:8080"} {
		p, err := parsePlace(GitHub, base)
		if err != nil {
			f.Fatal(err)
		}
		places = append(places, p)
	}
	f.Fuzz(func(t *testing.T, path string) {
		for _, p := range places {
			u, err := p.below(path)
			if err != nil {
				continue
			}
			sent, err := url.Parse(u.String())
			if err != nil || !p.contains(sent) || u.User != nil {
				t.Fatalf("%q leads to %v, which is not of %s", path, u, p.base)
			}
		}
	})
}

func FuzzBareSecret(f *testing.F) {
	f.Add("Bearer x", "me")
	f.Add("basic bWU6eA==", "")
	f.Fuzz(func(t *testing.T, value, user string) {
		_ = bareSecret(value)
		secret := canary.Token("x")
		for _, sent := range []string{secret, "Bearer " + secret, "token  " + secret + " ", "bearer " + secret} {
			if bareSecret(sent) != secret {
				t.Fatal("a credential is not recognized")
			}
		}
		user = strings.ReplaceAll(user, ":", "")
		if bareSecret("Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+secret))) != secret {
			t.Fatal("a credential with a user is not recognized")
		}
	})
}

// What a snapshot says may be damaged or made up. It must not give a manager more
// than it says, or make it stop.
func FuzzSnapshot(f *testing.F) {
	for _, s := range []string{
		`{"version":1,"tokens":[{"id":"%id","state":"available","budgets":{"core":{"limit":5000,"remaining":3,"ends":"2100-01-01T00:00:00Z"}}}]}`,
		`{"version":1,"tokens":[{"id":"%id","state":"invalid","reason":"x","disabled":"-","cool":"2001-01-01T00:00:00Z"}]}`,
		`{"version":1,"tokens":[{"id":"%id","state":"limited","budgets":{"core":{"limit":-1,"remaining":-1,"pauses":-7}}}]}`,
		`{"version":2}`, `{}`, `null`,
	} {
		f.Add(s)
	}
	token := Token{Provider: GitHub, Secret: Static(canary.Token("fuzzed"))}
	_, id, _, err := token.normalized()
	if err != nil {
		f.Fatal(err)
	}
	api := &url.URL{Scheme: "https", Host: "api.github.com", Path: "/"}
	f.Fuzz(func(t *testing.T, text string) {
		var s Snapshot
		if json.Unmarshal([]byte(strings.ReplaceAll(text, "%id", string(id))), &s) != nil {
			return
		}
		m, err := NewManager(Config{}, token)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if _, err := m.Restore(s); err != nil {
			return
		}
		h, _ := m.Host(GitHub, api)
		left := h.Remaining("core")
		for n := int64(0); n < 20; n++ {
			l, err := h.Lease(t.Context(), Request{Draw: ratelimit.Draw{Resource: "core", Units: 1}, MaxWait: -1})
			if err != nil {
				break
			}
			if n >= max(left, maxUnknownLeases) {
				t.Fatalf("%d leases are out, but %d remain", n+1, left)
			}
			defer l.Cancel()
		}
		again, err := json.Marshal(m.Snapshot())
		if err != nil || strings.Contains(string(again), canary.Mark) {
			t.Fatalf("Snapshot() of what was restored: %v", err)
		}
	})
}
