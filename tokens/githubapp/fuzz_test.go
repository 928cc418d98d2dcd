package githubapp

import (
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
)

func FuzzNew(f *testing.F) {
	f.Add("12", "-----BEGIN RSA PRIVATE KEY-----\n%s\n-----END RSA PRIVATE KEY-----\n", "https://git.example.com")
	f.Add("Iv1.x", "%s", "acme.ghe.com")
	f.Fuzz(func(t *testing.T, id, key, base string) {
		if _, err := New(id, []byte(strings.ReplaceAll(key, "%s", canary.Token("key"))), Options{BaseURL: base}); err != nil && strings.Contains(err.Error(), canary.Mark) {
			t.Fatal("the error quotes the key")
		}
		u, err := parseBase(base)
		if err == nil && (u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && u.Scheme != "http" || strings.HasSuffix(u.Path, "/")) {
			t.Fatalf("%q is taken for the base %v", base, u)
		}
	})
}
