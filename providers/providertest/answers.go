package providertest

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
)

// answers checks that what is not the documented answer is an error, and what
// is, in an unusual way, is none.
func (s suite) answers(t *testing.T) {
	for name, body := range map[string]string{
		"a_page":               "<!DOCTYPE html><html><body>Sign in</body></html>",
		"broken_JSON":          `[{"id": 1, "name"`,
		"nothing":              "",
		"JSON_of_another_kind": `"text"`,
		"a_list_of_numbers":    `[1, 2]`,
		"null":                 "null",
		"an_empty_object":      "{}",
	} {
		t.Run(name, func(t *testing.T) {
			s.each(t, nil, func(t *testing.T, b *bench, o operation) { malformed(t, b, o, body) })
		})
	}
	t.Run("an_answer_that_breaks_off", func(t *testing.T) {
		s.each(t, nil, func(t *testing.T, b *bench, o operation) {
			b.wire.begin(func(int, *http.Request, http.RoundTripper) (*http.Response, error) {
				resp := response(http.StatusOK, `[{"id":1,`)
				resp.Body = io.NopCloser(io.MultiReader(resp.Body, brokenOff{}))
				return resp, nil
			})
			_, err := o.run(t.Context(), b.Harness)
			wantKind(t, err, providers.ErrNetwork, io.ErrUnexpectedEOF)
		})
	})
	t.Run("an_answer_without_end", func(t *testing.T) { s.each(t, nil, endless) })
	t.Run("204_is_an_empty_list", func(t *testing.T) {
		s.each(t, lists, func(t *testing.T, b *bench, o operation) {
			b.normally(o)
			_, requests := b.normally(o) // without those that the driver keeps the answers of
			b.wire.begin(always(requests, http.StatusNoContent, ""))
			if got, err := o.run(t.Context(), b.Harness); err != nil || got == nil || len(got) != 0 {
				t.Errorf("%d items (nil: %t), %v", len(got), got == nil, err)
			}
		})
	})
	t.Run("a_redirect_is_followed", func(t *testing.T) { s.each(t, nil, redirected) })
	t.Run("a_redirect_elsewhere_is_not_followed", func(t *testing.T) { s.each(t, nil, ledAway) })
}

// brokenOff is the end of a connection.
type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func malformed(t *testing.T, b *bench, o operation, body string) {
	b.wire.begin(always(1, http.StatusOK, body))
	got, err := o.run(t.Context(), b.Harness)
	if o.op == providers.OpLanguages && body == "{}" {
		return // there are none
	}
	if o.op == providers.OpContent && err == nil && string(got[0].record.(providers.Content).Data) == body {
		return // the host sends files as they are
	}
	if len(got) != 0 {
		t.Errorf("%d items came", len(got))
	}
	wantKind(t, err, providers.ErrMalformed, nil)
}

// redirected sends the first request to another path of the host, which a query
// that means nothing stands for.
func redirected(t *testing.T, b *bench, o operation) {
	want, _ := b.normally(o)
	b.wire.begin(func(n int, r *http.Request, pass http.RoundTripper) (*http.Response, error) {
		if n != 1 {
			return pass.RoundTrip(r)
		}
		to := *r.URL
		q := to.Query()
		q.Set("moved", "1")
		to.RawQuery = q.Encode()
		return response(http.StatusMovedPermanently, `{"message":"Moved Permanently"}`, "Location", to.String()), nil
	})
	got, err := o.run(t.Context(), b.Harness)
	if err != nil || !slices.Equal(texts(got), texts(want)) {
		t.Errorf("%d items, %v; want %d", len(got), err, len(want))
	}
}

// ledAway sends all requests to another host. What is there is not the host's
// answer.
func ledAway(t *testing.T, b *bench, o operation) {
	b.wire.begin(func(_ int, r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		if isElsewhere(r) {
			return response(http.StatusOK, `[]`), nil
		}
		return response(http.StatusMovedPermanently, `{}`, "Location", elsewhere+"/stolen"), nil
	})
	if got, err := o.run(t.Context(), b.Harness); err == nil {
		t.Errorf("there is no error, and %d items", len(got))
	}
	for _, r := range b.wire.asked() {
		if isElsewhere(r) {
			t.Errorf("%s was asked, with a credential: %t", r.URL.Host, carriesCredential(r))
		}
	}
}

// elsewhere is a host that is none of the driver's.
const elsewhere = "https://elsewhere.example.com"

func isElsewhere(r *http.Request) bool { return strings.HasPrefix(r.URL.String(), elsewhere) }

func carriesCredential(r *http.Request) bool {
	for _, name := range []string{"Authorization", "Private-Token", "Job-Token", "Cookie"} {
		if r.Header.Get(name) != "" {
			return true
		}
	}
	return r.URL.User != nil
}
