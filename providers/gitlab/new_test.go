//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/gitlab"
	"github.com/gitfleet/gitfleet/tokens"
	gogitlab "github.com/xanzy/go-gitlab"
)

// The tokens of a host reach the client of the host, however it is spelled.
func TestNew_takes_a_host_as_tokens_name_it(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"":                                 "https://gitlab.com",
		"gitlab.com":                       "https://gitlab.com",
		"https://Git.Example.com/":         "https://git.example.com",
		"https://git.example.com/gitlab":   "https://git.example.com/gitlab",
		"git.example.com/gitlab/api/v4/":   "https://git.example.com/gitlab",
		"https://git.example.com/api":      "https://git.example.com",
		"git.example.com/a/b/api/graphql":  "https://git.example.com/a/b",
		"https://git.example.com:443/":     "https://git.example.com",
		"http://git.example.com:8080/x":    "http://git.example.com:8080/x",
		"https://git.example.com:8443/api": "https://git.example.com:8443",
		"https://git.example.com//a//b//":  "https://git.example.com/a/b",
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			var asked, token string
			c, err := gitlab.New(providers.Config{
				Token: tokens.Token{Secret: tokens.Static(tokenA)}, Host: host, UserAgent: "mine",
				Base: roundTripper(func(r *http.Request) (*http.Response, error) {
					asked, token = r.URL.String(), r.Header.Get("Authorization")+r.Header.Get("Private-Token")
					return (&host200{}).RoundTrip(r)
				}),
			})
			if err != nil {
				t.Fatal(err)
			}
			u, err := c.FetchCurrentUser(t.Context())
			if err != nil || u.Host != want || c.Host() != want || c.Provider() != tokens.GitLab {
				t.Errorf("%+v, %v; the client is for %s, want %s", u, err, c.Host(), want)
			}
			if asked != want+"/api/v4/user" || !strings.Contains(token, tokenA) {
				t.Errorf("%s was asked, with a token: %t", asked, token != "")
			}
			var library *gogitlab.Client
			if !c.As(&library) || library.UserAgent != "mine" || c.As(new(int)) || c.As((**gogitlab.Client)(nil)) {
				t.Error("As does not reach the library's client, or something else")
			}
			if err := c.GraphQL(t.Context(), "{x}", nil, nil); err == nil || asked != want+"/api/graphql" {
				t.Errorf("%v; %s was asked", err, asked)
			}
		})
	}
}

// host200 answers as for the current user.
type host200 struct{}

func (*host200) RoundTrip(r *http.Request) (*http.Response, error) {
	return refusing(http.StatusOK, nil, `{"id":1,"username":"me"}`).RoundTrip(r)
}

func TestNew_refuses_what_it_cannot_use(t *testing.T) {
	t.Parallel()
	token := tokens.Token{Secret: tokens.Static(tokenA)}
	for name, c := range map[string]providers.Config{
		"nothing":    {},
		"no address": {Token: token, Host: "https://"},
		"a password": {Token: token, Host: "https://me:" + tokenB + "@git.example.com"},
		"a query":    {Token: token, Host: "https://git.example.com?private_token=" + tokenB},
		"a scheme":   {Token: token, Host: "ssh://git.example.com"},
		"no URL":     {Token: token, Host: "https://git.example.com/%zz" + tokenB},
	} {
		if client, err := gitlab.New(c); err == nil || client != nil || strings.Contains(err.Error(), tokenB) {
			t.Errorf("%s: %v, %v", name, client, err)
		}
	}
}
