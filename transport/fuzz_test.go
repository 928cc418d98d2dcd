package transport

import (
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

// decoded returns what JSON says, numbers as they are written.
func decoded(t *testing.T, body []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("the body is no JSON any more: %v", err)
	}
	return v
}

func FuzzRateLimitBody(f *testing.F) {
	for _, s := range []string{
		`{"resources":{"core":{"limit":5000,"remaining":0,"reset":1,"used":5000},"search":{"remaining":3}},"rate":{"remaining":0,"reset":1}}`,
		`{"resources":{"x":null,"y":{}},"rate":null}`, `{"resources":[]}`, `{"resources":{"core":{"remaining":null,"reset":{}}},"more":[1e400]}`, `[]`, ``,
	} {
		f.Add([]byte(s))
	}
	m, err := tokens.NewManager(tokens.Config{}, tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(canary.Token("a"))})
	if err != nil {
		f.Fatal(err)
	}
	host, _ := m.Host(tokens.GitHub, &url.URL{Scheme: "https", Host: "api.github.com", Path: "/rate_limit"})
	f.Fuzz(func(t *testing.T, body []byte) {
		c := &call{host: host}
		changed, ok := c.raiseResources(body)
		if !ok {
			return
		}
		if again, ok := c.raiseResources(changed); !ok || string(again) != string(changed) {
			t.Fatalf("a body that was changed changes again:\n%s\n%s", changed, again)
		}
		before, after := decoded(t, body), decoded(t, changed)
		for _, v := range []map[string]any{before, after} {
			forgetRemaining(v["rate"])
			resources, _ := v["resources"].(map[string]any)
			for _, r := range resources {
				forgetRemaining(r)
			}
		}
		if !reflect.DeepEqual(before, after) {
			t.Fatalf("more than what remains has changed:\n%s\n%s", body, changed)
		}
	})
}

func forgetRemaining(v any) {
	if r, ok := v.(map[string]any); ok {
		delete(r, "remaining")
	}
}

func FuzzRedactedURL(f *testing.F) {
	f.Add("https", "x", "access_token=%s&page=2")
	f.Add("https", "%s", "a=b;private_token=%s")
	f.Fuzz(func(t *testing.T, scheme, fragment, query string) {
		secret := canary.Token("url")
		u := &url.URL{Scheme: scheme, Host: "api.github.com", Path: "/user", User: url.UserPassword("me", secret), Fragment: strings.ReplaceAll(fragment, "%s", secret)}
		for _, key := range []string{"access_token", "private_token", "job_token", "client_secret"} {
			u.RawQuery = strings.ReplaceAll(query, secret, "") + "&" + key + "=" + secret
			if strings.Contains(redactedURL(u), canary.Mark) && !strings.Contains(query, "%s") {
				t.Fatalf("the secret of %s is in the URL that is told", key)
			}
		}
	})
}
