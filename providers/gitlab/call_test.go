//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
)

func TestCall_sends_what_the_caller_says(t *testing.T) {
	t.Parallel()
	var got string
	h := &host{answer: func(r *http.Request) (int, http.Header, string) {
		var body []byte
		if r.Body != nil {
			body, _ = io.ReadAll(r.Body)
		}
		got = strings.Join([]string{r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), r.Header.Get("Accept"), r.Header.Get("User-Agent"), string(body)}, " ")
		return http.StatusCreated, http.Header{"X-Own": {"yes"}, "Link": {`<https://gitlab.com/api/v4/next>; rel="next"`}}, `{"iid":3}`
	}}
	c := h.client(t)
	var out struct{ IID int }
	a, err := c.Call(t.Context(), providers.Call{
		Method: "POST", Path: "/projects/1/issues?x=y", Body: map[string]string{"title": "Cold"}, Out: &out,
		Header: http.Header{"accept": {"text/x"}, "User-Agent": {"mine"}},
	})
	if err != nil || a.Status != http.StatusCreated || a.Header.Get("X-Own") != "yes" || a.Next != "https://gitlab.com/api/v4/next" || out.IID != 3 {
		t.Errorf("%+v, %v, %+v", a, err, out)
	}
	if want := `POST /api/v4/projects/1/issues?x=y application/json text/x mine {"title":"Cold"}`; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	var text bytes.Buffer
	if _, err := c.Call(t.Context(), providers.Call{Path: "https://gitlab.com/api/v4/version", Out: &text}); err != nil || text.String() != `{"iid":3}` {
		t.Errorf("%q, %v", &text, err)
	}
	if want := "GET /api/v4/version  application/json " + providers.DefaultUserAgent + " "; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	for _, call := range []providers.Call{
		{Path: "https://evil.example/api/v4/user"}, {Path: "http://gitlab.com/api/v4/user"}, {Path: "https://gitlab.com:1/api"},
		{Path: "user", Body: func() {}}, {Path: "user", Method: "NO METHOD"}, {Path: "%zz"},
	} {
		if _, err := c.Call(t.Context(), call); !errors.Is(err, providers.ErrInvalid) {
			t.Errorf("%v: %v", call.Path, err)
		}
	}
	if len(h.asked) != 2 {
		t.Errorf("asked for %v", h.asked)
	}
}

// Archives lie with a storage host, which takes no credential.
func TestI2_Call_follows_downloads_to_another_host_without_the_credential(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitLab(fleettest.Config{Tokens: []string{tokenA}, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 3}}})
	var text bytes.Buffer
	_, err := newClient(t, providers.Config{Base: sim}).Call(t.Context(), providers.Call{Path: "projects/acme%2Frepo-0001/repository/archive", Out: &text})
	if err != nil || !strings.Contains(text.String(), "archive.tar.gz") {
		t.Errorf("%q, %v", &text, err)
	}
	if leaks := sim.Leaks(); len(leaks) != 0 {
		t.Errorf("credentials arrived at %v", leaks)
	}
}

func TestGraphQL_decodes_data_and_tells_errors(t *testing.T) {
	t.Parallel()
	type data struct{ CurrentUser struct{ Username string } }
	tests := []struct {
		name, answer string
		status       int
		want         string
		kind         error
		message      string
	}{
		{"data", `{"data":{"currentUser":{"username":"me"}}}`, 200, "me", nil, ""},
		{"errors in the place of data", `{"errors":[{"message":"Field 'x' doesn't exist"},{"message":"more"}]}`, 200, "", providers.ErrInvalid, "Field 'x' doesn't exist; more"},
		{"errors beside data", `{"data":{"currentUser":{"username":"me"}},"errors":[{"message":"partly"}]}`, 200, "me", providers.ErrInvalid, "partly"},
		{"neither", `{"data":null}`, 200, "", providers.ErrMalformed, "there is neither data nor an error"},
		{"a page", `<html>`, 200, "", providers.ErrMalformed, "invalid character"},
		{"data of another kind", `{"data":[]}`, 200, "", providers.ErrMalformed, "json: cannot unmarshal"},
		{"a refusal", `{"message":"403 Forbidden"}`, 403, "", providers.ErrForbidden, "403 Forbidden"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var sent string
			h := &host{answer: func(r *http.Request) (int, http.Header, string) {
				body, _ := io.ReadAll(r.Body)
				sent = string(body)
				return tt.status, nil, tt.answer
			}}
			var out data
			err := h.client(t).GraphQL(t.Context(), "query($n: Int) { currentUser { username } }", map[string]any{"n": 1}, &out)
			var e *providers.Error
			if errors.As(err, &e); !errors.Is(err, tt.kind) || (err == nil) != (tt.kind == nil) || out.CurrentUser.Username != tt.want || e != nil && !strings.HasPrefix(e.Message, tt.message) {
				t.Errorf("%v, %+v", err, out)
			}
			if want := `{"query":"query($n: Int) { currentUser { username } }","variables":{"n":1}}`; sent != want {
				t.Errorf("sent %s, want %s", sent, want)
			}
			h.wantAsked(t, "POST /api/graphql")
		})
	}
}
