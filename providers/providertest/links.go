package providertest

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
)

// links checks that a link to the next page is followed where it may be only.
func (s suite) links(t *testing.T) {
	t.Run("to_another_host", func(t *testing.T) {
		s.each(t, lists, func(t *testing.T, b *bench, o operation) {
			badLink(t, b, o, func(_, next *url.URL) {
				next.Scheme, next.Host = "https", "elsewhere.example.com"
			})
		})
	})
	t.Run("to_the_page_itself", func(t *testing.T) {
		s.each(t, lists, func(t *testing.T, b *bench, o operation) {
			badLink(t, b, o, func(page, next *url.URL) { *next = *page })
		})
	})
}

// badLink changes the links to the next page.
func badLink(t *testing.T, b *bench, o operation, change func(page, next *url.URL)) {
	all, _ := b.normally(o, small(o)...)
	var changed int
	b.wire.begin(func(n int, r *http.Request, pass http.RoundTripper) (*http.Response, error) {
		if n > 50 {
			t.Error("it goes on for ever")
			return response(http.StatusNotFound, "{}"), nil
		}
		if isElsewhere(r) {
			t.Errorf("%s was asked", r.URL.Host)
		}
		resp, err := pass.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		return resp, relink(resp, func(link string) string {
			next, err := url.Parse(link)
			if err != nil {
				return link
			}
			changed++
			change(r.URL, next)
			return next.String()
		})
	})
	got, err := o.run(t.Context(), b.Harness, small(o)...)
	if changed == 0 {
		t.Skip("the list has one page, or pages without links")
	}
	wantKind(t, err, providers.ErrMalformed, nil)
	wantBeginning(t, got, all)
}

// The links that hosts send: in a header (RFC 8288), or in the body, as
// Bitbucket does.
var (
	nextHeader = regexp.MustCompile(`<([^>]*)>(\s*;\s*rel="next")`)
	nextField  = regexp.MustCompile(`("next"\s*:\s*")(https?://[^"]*)(")`)
)

// relink changes the links to the next page of an answer.
func relink(resp *http.Response, change func(string) string) error {
	if link := resp.Header.Get("Link"); link != "" {
		resp.Header.Set("Link", nextHeader.ReplaceAllStringFunc(link, func(s string) string {
			m := nextHeader.FindStringSubmatch(s)
			return "<" + change(m[1]) + ">" + m[2]
		}))
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	body = nextField.ReplaceAllFunc(body, func(s []byte) []byte {
		m := nextField.FindSubmatch(s)
		return bytes.Join([][]byte{m[1], []byte(change(string(m[2]))), m[3]}, nil)
	})
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Del("Content-Length")
	return nil
}
