//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
	gogitlab "github.com/xanzy/go-gitlab"
)

// refusing is a host that says no.
func refusing(status int, header http.Header, body string) *host {
	return &host{answer: func(*http.Request) (int, http.Header, string) { return status, header, body }}
}

func TestErrors_keep_what_GitLab_said(t *testing.T) {
	t.Parallel()
	text := http.Header{"Content-Type": {"text/plain"}}
	tests := []struct {
		name, body string
		status     int
		header     http.Header
		kind       error
		message    string
		scopes     []string
	}{
		{"the library drops this", `{"message":"404 Project Not Found"}`, 404, nil, providers.ErrNotFound, "404 Project Not Found", nil},
		{"error in the place of message", `{"error":"404 Not Found"}`, 404, nil, providers.ErrNotFound, "404 Not Found", nil},
		{"a scope is missing", `{"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the access token.","scope":"api read_api"}`,
			403, nil, providers.ErrScope, "insufficient_scope: The request requires", []string{"api", "read_api"}},
		{"forbidden", `{"message":"403 Forbidden"}`, 403, nil, providers.ErrForbidden, "403 Forbidden", nil},
		{"reasons by field", `{"message":{"name":["is too long"]}}`, 400, nil, providers.ErrInvalid, `{"name":["is too long"]}`, nil},
		{"no JSON", "Bad Gateway", 502, text, providers.ErrUnavailable, "Bad Gateway", nil},
		{"a page", "<html><body>Whoops</body></html>", 500, text, providers.ErrUnavailable, "", nil},
		{"nothing", "", 503, nil, providers.ErrUnavailable, "", nil},
		{"a page number too high", `{"error":"Offset pagination has a maximum allowed offset of 50000"}`, 405, nil, providers.ErrInvalid, "Offset pagination", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := refusing(tt.status, tt.header, tt.body).client(t).FetchRepository(t.Context(), "garden/tools")
			var e *providers.Error
			if !errors.As(err, &e) || !errors.Is(err, tt.kind) || e.Status != tt.status || !strings.HasPrefix(e.Message, tt.message) ||
				string(e.Body) != tt.body || !slices.Equal(e.MissingScopes, tt.scopes) {
				t.Fatalf("%v: %+v", err, e)
			}
			var library *gogitlab.ErrorResponse
			switch {
			case tt.status == http.StatusNotFound:
				if !errors.Is(err, gogitlab.ErrNotFound) {
					t.Errorf("the library's error is not below: %v", e.Err)
				}
			case !errors.As(err, &library) || library.Response.StatusCode != tt.status || string(library.Body) != tt.body:
				t.Errorf("the library's error is %v", e.Err)
			}
		})
	}
}

// A page to sign in, 202 and an object in the place of another are no answers.
func TestErrors_of_what_is_no_answer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		body   string
		kind   error
	}{
		"a page":                 {200, "<!DOCTYPE html><title>Sign in</title>", providers.ErrMalformed},
		"an object without id":   {200, "{}", providers.ErrMalformed},
		"null":                   {200, "null", providers.ErrMalformed},
		"a list":                 {200, "[]", providers.ErrMalformed},
		"a number as text":       {200, `{"id":1,"path":"x","star_count":"5"}`, providers.ErrMalformed},
		"a fraction":             {200, `{"id":1,"path":"x","forks_count":1.5}`, providers.ErrMalformed},
		"a number as a flag":     {200, `{"id":1,"path":"x","archived":1}`, providers.ErrMalformed},
		"more behind the object": {200, `{"id":1,"path":"x"}]`, providers.ErrMalformed},
		"202":                    {202, `{}`, providers.ErrUnavailable},
		"204":                    {204, ``, providers.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := refusing(tt.status, nil, tt.body).client(t).FetchRepository(t.Context(), "garden/tools"); !errors.Is(err, tt.kind) {
				t.Errorf("%v, want %v", err, tt.kind)
			}
		})
	}
	for name, body := range map[string]string{"null": "null", "a row that is null": "[null]", "a row that is something else": `[{"a":1}]`} {
		t.Run("a list with "+name, func(t *testing.T) {
			t.Parallel()
			for _, o := range [][]providers.Option{nil, {providers.Raw()}} {
				if got, err := refusing(200, nil, body).client(t).FetchBranches(t.Context(), "garden/tools", o...); !errors.Is(err, providers.ErrMalformed) || len(got) != 0 {
					t.Errorf("%v, %v", got, err)
				}
			}
		})
	}
}

func TestErrors_of_an_answer_that_is_cut_off_are_the_networks(t *testing.T) {
	t.Parallel()
	c := newClient(t, providers.Config{Base: roundTripper(func(r *http.Request) (*http.Response, error) {
		body := io.MultiReader(strings.NewReader(`[{"name":"main"}`), ending{io.ErrUnexpectedEOF})
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body), Request: r}, nil
	})})
	if _, err := c.FetchBranches(t.Context(), "garden/tools"); !errors.Is(err, providers.ErrNetwork) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

type ending struct{ err error }

func (e ending) Read([]byte) (int, error) { return 0, e.err }

// The address may hold what a caller put into its query.
func TestI1_errors_do_not_hold_the_address(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	c := newClient(t, providers.Config{Base: roundTripper(func(*http.Request) (*http.Response, error) { return nil, broken })})
	_, err := c.Call(t.Context(), providers.Call{Path: "user?private_token=" + tokenB})
	if !errors.Is(err, broken) || !errors.Is(err, providers.ErrNetwork) {
		t.Error(err)
	}
	for e := errors.Unwrap(err); e != nil; e = errors.Unwrap(e) {
		if strings.Contains(e.Error(), tokenB) {
			t.Errorf("a %T holds it", e)
		}
	}
}

// A transport of the user's own may not look at the context before it sends.
func TestErrors_of_a_context_that_is_over_come_before_anything_is_sent(t *testing.T) {
	t.Parallel()
	var sent int
	c := newClient(t, providers.Config{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		sent++
		return nil, io.EOF
	})})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.FetchCurrentUser(ctx); !errors.Is(err, providers.ErrCanceled) || sent != 0 {
		t.Errorf("%v after %d requests", err, sent)
	}
}
