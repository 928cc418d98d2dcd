package transport

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func FuzzEntry(f *testing.F) {
	key := digestOf("key")
	value := append(newEntry(key, "id", http.Header{"Etag": {`"v"`}, "Link": {"a", "b"}}, 0), "body"...)
	f.Add(sealEntry(value))
	f.Add(writeHolders([]holder{{"id", "Accept,Accept-Encoding", digestOf("a"), digestOf("b")}}, key))
	f.Add([]byte(entryMark))
	f.Fuzz(func(t *testing.T, value []byte) {
		if e := readEntry(value, key); e != nil {
			again := sealEntry(append(newEntry(key, e.token, e.header, len(e.body)), e.body...))
			back := readEntry(again, key)
			if back == nil || back.token != e.token || !bytes.Equal(back.body, e.body) {
				t.Errorf("%q reads as %+v, then as %+v", value, e, back)
			}
		}
		if hs := readHolders(value, key); hs != nil {
			if back := readHolders(writeHolders(hs, key), key); !slices.Equal(back, hs) {
				t.Errorf("%q reads as %+v, then as %+v", value, hs, back)
			}
		}
	})
}

// An entity tag that is sent must be a field value that net/http sends.
func FuzzFields(f *testing.F) {
	f.Add(`W/"v"`, "Accept, *", "max-age=0, no-store")
	f.Add(`"a`, "authorization,,x", `private="no-store"`)
	f.Fuzz(func(t *testing.T, etag, vary, control string) {
		if s := sendable(etag); s != "" && (s != etag || strings.ContainsAny(s, "\r\n ") || strings.Count(s, `"`) != 2) {
			t.Errorf("sendable(%q) = %q", etag, s)
		}
		names, ok := fieldNames([]string{vary})
		if ok && (!strings.Contains(names, "Accept") || strings.Contains(names, "*") && !strings.Contains(vary, "*")) {
			t.Errorf("fieldNames(%q) = %q", vary, names)
		}
		if again, ok2 := fieldNames([]string{names}); ok && (!ok2 || again != names) {
			t.Errorf("fieldNames(%q) = %q, %v", names, again, ok2)
		}
		if directive([]string{control}, "no-store") && !strings.Contains(strings.ToLower(control), "no-store") {
			t.Errorf("%q has no-store", control)
		}
	})
}

func TestEntry_holds_what_it_was_made_of(t *testing.T) {
	t.Parallel()
	h := http.Header{"Etag": {`W/"v"`}, "Link": {"a", "b"}, "X-Empty": {""}, "X-None": nil, "Content-Type": {"text/plain"}}
	key := digestOf("key")
	for _, body := range []string{"", "x", strings.Repeat("long ", 10000)} {
		value := sealEntry(append(newEntry(key, "id", h, 0), body...))
		if e := readEntry(value[:len(value)-1], key); e != nil {
			t.Errorf("a value that was cut off reads as %+v", e)
		}
		e := readEntry(value, key)
		want := maps.Clone(h)
		delete(want, "X-None")
		if e == nil || e.token != "id" || string(e.body) != body || e.etag != `W/"v"` || !maps.EqualFunc(e.header, want, slices.Equal[[]string]) {
			t.Errorf("a body of %d bytes comes back as %+v", len(body), e)
		}
	}
}

// A value keeps no more room than it needs, since room counts as used.
func TestEntry_leaves_little_room_unused(t *testing.T) {
	t.Parallel()
	value := newEntry(digestOf("key"), "id", http.Header{}, 0)
	for range 1000 {
		value = append(value, "0123456789"...)
	}
	if value = sealEntry(value); cap(value) > len(value)*5/4 {
		t.Errorf("%d bytes take %d", len(value), cap(value))
	}
}

// Others have found out how GitHub makes its ETag; this is an example of theirs,
// but for the credential.
func TestGitHubETag_is_a_hash_of_what_was_asked_with_and_the_body(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		h    http.Header
		body string
		want string
	}{
		{"nothing", http.Header{}, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"all", http.Header{"Cookie": {"c"}, "Authorization": {"b"}, "Accept": {"a"}, "X-Other": {"x"}}, "text", ""},
	}
	tests[1].want = strings.Trim(githubETag(http.Header{}, []byte("a:b:c:text")), `"`)
	for _, tt := range tests {
		if got := githubETag(tt.h, []byte(tt.body)); got != `"`+tt.want+`"` {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// An entry says whose it is, and who holds it is not believed against that.
func TestEntry_of_another_token_is_none(t *testing.T) {
	t.Parallel()
	c, key := new(Cache), digestOf("key")
	value := sealEntry(newEntry(key, "a", http.Header{"Etag": {`"v"`}}, 0))
	if err := c.store().Set(t.Context(), key.String(), value); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.github.com/user", nil)
	if err != nil {
		t.Fatal(err)
	}
	l := &lookup{cache: c, request: req, holders: []holder{{token: "a", key: key}, {token: "b", key: key}}}
	if a, b := l.load("a"), l.load("b"); a == nil || b != nil {
		t.Errorf("a has %v, b has %v, want an entry for a alone", a, b)
	}
}
