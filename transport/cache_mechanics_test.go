package transport

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestCacheable_is_a_plain_GET_alone(t *testing.T) {
	t.Parallel()
	const plain = "https://api.github.com/user"
	for _, tt := range []struct {
		name, method, url, field, body string
		want                           bool
	}{
		{name: "plain", want: true},
		{name: "GET by name", method: "GET", want: true},
		{name: "a field that means nothing", field: "Accept", want: true},
		{name: "HEAD", method: "HEAD"},
		{name: "a body", body: "{}"},
		{name: "a user", url: "https://user@api.github.com/user"},
		{name: "a secret", url: plain + "?client_secret=x"},
		{name: "If-Match", field: "If-Match"},
		{name: "If-Unmodified-Since", field: "If-Unmodified-Since"},
		{name: "If-Range", field: "If-Range"},
		{name: "Upgrade", field: "Upgrade"},
		{name: "as no net/http would write it", field: "if-none-match"},
	} {
		var body *strings.Reader
		req, err := http.NewRequestWithContext(t.Context(), tt.method, plain, nil)
		if tt.body != "" {
			body = strings.NewReader(tt.body)
			req, err = http.NewRequestWithContext(t.Context(), tt.method, plain, body)
		}
		if err == nil && tt.url != "" {
			req.URL, err = url.Parse(tt.url)
		}
		if err != nil {
			t.Fatal(err)
		}
		if tt.field != "" {
			req.Header[tt.field] = []string{"x"}
		}
		if got := cacheable(req); got != tt.want {
			t.Errorf("%s: cacheable() = %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestResourceKey_is_the_same_for_what_a_host_takes_for_the_same_alone(t *testing.T) {
	t.Parallel()
	m, err := tokens.NewManager(tokens.Config{}, tokens.Token{Provider: tokens.GitLab, Secret: tokens.Static(canary.Token("key"))})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	parse := func(text string) *url.URL {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	h, ok := m.Host(tokens.GitLab, parse("https://gitlab.com/api/v4/user"))
	if !ok {
		t.Fatal("there is no host")
	}
	const base = "https://gitlab.com/api/v4/projects/acme%2Fweb?a=1"
	for other, same := range map[string]bool{
		base: true,
		"https://GitLab.com/api/v4/projects/acme%2Fweb?a=1": true,
		"https://gitlab.com/api/v4/projects/acme/web?a=1":   false,
		"https://gitlab.com/api/v4/projects/acme%2Fweb?a=2": false,
		"https://gitlab.com/api/v4/projects/acme%2Fweb":     false,
	} {
		if got := resourceKey(h, parse(base)) == resourceKey(h, parse(other)); got != same {
			t.Errorf("%s is the resource of %s: %t, want %t", other, base, got, same)
		}
	}
}

func TestFieldsOf_tells_a_name_from_a_value(t *testing.T) {
	t.Parallel()
	seen := map[digest]http.Header{}
	for _, h := range []http.Header{{}, {"A": {"B"}}, {"B": {"B"}}, {"A": {""}}, {"B": {""}}, {"A": {"", "B"}}, {"A": {"B", ""}}, {"A": {"B"}, "B": {"B"}}} {
		d := fieldsOf("A,B", h)
		if other, ok := seen[d]; ok {
			t.Errorf("%v counts as %v", h, other)
		}
		seen[d] = h
	}
}

func TestEntry_forgets_what_was_of_the_moment(t *testing.T) {
	t.Parallel()
	key := digestOf("key")
	h := http.Header{
		"Etag": {`"v"`}, "Retry-After": {"7"}, "X-From-Cache": {"1"}, "Set-Cookie": {"a=b"}, "Content-Length": {"3"},
		"X-Ratelimit-Remaining": {"7"}, "Ratelimit-Remaining": {"7"}, "Ratelimit": {"7"},
	}
	if e := readEntry(sealEntry(newEntry(key, "id", h, 0)), key); e == nil || len(e.header) != 1 {
		t.Errorf("kept are %+v, want the ETag alone", e)
	}
}

func TestHolders_under_another_key_are_none(t *testing.T) {
	t.Parallel()
	value := writeHolders([]holder{{token: "a", key: digestOf("entry")}}, digestOf("one"))
	if hs := readHolders(value, digestOf("one")); len(hs) != 1 {
		t.Errorf("%d holders, want 1", len(hs))
	}
	if hs := readHolders(value, digestOf("two")); hs != nil {
		t.Errorf("the holders of another resource are read as %+v", hs)
	}
}

func TestMemoryStore_counts_the_room_that_a_value_takes(t *testing.T) {
	t.Parallel()
	var s memoryStore
	s.bound(10_000, 0)
	for _, key := range []string{"a", "b"} {
		if err := s.Set(t.Context(), key, make([]byte, 10, 4000)); err != nil {
			t.Fatal(err)
		}
	}
	if _, bytes := s.size(); bytes < 8000 {
		t.Errorf("%d bytes for two values that take 4000 each", bytes)
	}
	if err := s.Set(t.Context(), "c", make([]byte, 10_000)); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]bool{"a": true, "b": true, "c": false} {
		if v, err := s.Get(t.Context(), key); (v != nil) != want || err != nil {
			t.Errorf("after a value that is too long for all, %s is there: %t, %v", key, v != nil, err)
		}
	}
}
