package main

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
)

// Every command of docs/cli.md works.
func TestDocs_every_example_runs(t *testing.T) {
	page, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile(`(?m)^\$ gitfleet (.*)$`).FindAllStringSubmatch(string(page), -1)
	if len(examples) < 30 {
		t.Fatalf("docs/cli.md has %d examples", len(examples))
	}
	w := newWorld(t)
	t.Chdir(w.home)
	w.file("owners.txt", 0o644, "acme\noctocat\n")
	w.file("repositories.txt", 0o644, "acme/repo-0001\nacme/repo-0002\n")
	w.file("config/gitfleet/config.yaml", 0o600, "provider: github\nusage: true\n")
	t.Setenv("GITLAB_TOKENS", "gina "+canary.Token("gina"))
	t.Setenv("BITBUCKET_TOKENS", "bea "+canary.Token("bea"))
	inner := w.base
	w.base = roundTripper(func(r *http.Request) (*http.Response, error) {
		// The simulated hosts call their repositories repo-0001 and so on.
		r = r.Clone(r.Context())
		r.URL.Path = strings.Replace(r.URL.Path, "acme/web", "acme/repo-0001", 1)
		r.URL.RawPath = strings.Replace(r.URL.RawPath, "acme%2Fweb", "acme%2Frepo-0001", 1)
		return inner.RoundTrip(r)
	})
	for _, example := range examples {
		if example[1] == "demo" {
			continue // it has tests of its own, in a bubble
		}
		r := w.run(strings.Fields(example[1])...)
		fine := r.err == "" || strings.HasPrefix(r.err, "gitfleet: the configuration is good")
		written := r.out != "" || strings.Contains(example[1], "-O ")
		if r.code != exitOK || !fine || !written {
			t.Errorf("gitfleet %s: exit code %d, stdout %q, stderr %q", example[1], r.code, head(r.out), r.err)
		}
	}
}

// The page's own configuration is one, and every key is described.
func TestDocs_the_configuration_of_the_page_is_good(t *testing.T) {
	page, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(page)
	if text == nil {
		t.Fatal("docs/cli.md has no configuration")
	}
	lookup := func(string) (string, bool) { return canary.Token("alice"), true }
	c, err := parseConfiguration(text[1], lookup, newRedactor())
	if err != nil || len(c.tokens) != 4 || c.literal {
		t.Errorf("parseConfiguration() = %v, %v", c, err)
	}
	r := &configReader{lookup: lookup, hide: newRedactor()}
	for _, known := range []keys{r.topKeys(c), r.entryKeys(&tokenEntry{}, c)} {
		for key := range known {
			if !strings.Contains(string(page), key+":") && !strings.Contains(string(page), "`"+key+"`") {
				t.Errorf("the key %s is not described", key)
			}
		}
	}
}
