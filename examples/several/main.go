// Several holds the tokens of three kinds of host, one of them self-managed, in
// one manager, and shows what goes where. A request for any other place
// goes out without one.
//
//	go run ./examples/several
//
// Nothing leaves the machine. For real hosts set GITHUB_TOKENS, GITLAB_TOKENS
// and BITBUCKET_TOKENS, put your own for git.example.com, and change the line in
// run that says so.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/tokens"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	fleet, err := simulated() // real hosts: gitfleet.FromEnv()
	if err != nil {
		return err
	}
	defer fleet.Close()

	for _, call := range []struct {
		provider tokens.ProviderType
		url      string
	}{
		{tokens.GitHub, "https://api.github.com/user"},
		{tokens.GitLab, "https://gitlab.com/api/v4/user"},
		{tokens.GitLab, "https://git.example.com/gitlab/api/v4/user"},
		{tokens.Bitbucket, "https://api.bitbucket.org/2.0/user"},
		{tokens.GitHub, "https://example.com/"},
	} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, call.url, nil)
		if err != nil {
			return err
		}
		req.Header.Set("User-Agent", "several")
		resp, err := fleet.HTTPClient(call.provider).Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()

		sent := "without a token"
		if host, ok := fleet.Manager().Host(call.provider, req.URL); ok {
			sent = "with a token of " + host.URL()
		}
		fmt.Fprintln(stdout, call.url, sent+":", resp.Status)
	}
	return nil
}

// simulated returns a fleet of four tokens for four hosts in memory.
func simulated() (*gitfleet.Fleet, error) {
	secret := func(name string) tokens.Secret { return tokens.Static("example-token-" + name) }
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "octo", Secret: secret("octo")},
		tokens.Token{Provider: tokens.GitLab, Label: "lab", Secret: secret("lab")},
		tokens.Token{Provider: tokens.GitLab, Label: "work", Secret: secret("work"), Host: "https://git.example.com/gitlab"},
		tokens.Token{Provider: tokens.Bitbucket, Label: "bucket", Secret: secret("bucket")},
	)
	if err != nil {
		return nil, err
	}
	accept := func(name string) fleettest.Config { return fleettest.Config{Tokens: []string{"example-token-" + name}} }
	return gitfleet.New(gitfleet.Config{Manager: m, Base: internet{
		"api.github.com":    fleettest.NewGitHub(accept("octo")),
		"gitlab.com":        fleettest.NewGitLab(accept("lab")),
		"git.example.com":   fleettest.NewGitLab(accept("work")),
		"api.bitbucket.org": fleettest.NewBitbucket(accept("bucket")),
		"example.com":       http.NotFoundHandler(),
	}})
}

// internet is the hosts there are, by name.
type internet map[string]http.Handler

// RoundTrip implements [http.RoundTripper].
func (i internet) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	i[req.URL.Host].ServeHTTP(w, req)
	return w.Result(), nil
}
