package gitfleet_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/github"
	"github.com/gitfleet/gitfleet/tokens"
)

// counting counts what arrives, and answers none of it.
type counting struct{ sent []string }

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.sent = append(c.sent, r.URL.String())
	return nil, errors.New("nobody is there")
}

// A host that no token is for is not asked without one, unless that is asked for.
// The API of a Bitbucket Data Center is not the one that the client speaks.
func TestI13_a_client_of_a_host_without_a_token_sends_nothing(t *testing.T) {
	t.Parallel()
	base := &counting{}
	m, err := tokens.NewManager(tokens.Config{Base: base},
		tokens.Token{Provider: tokens.Bitbucket, Host: "https://center.example.com", Secret: tokens.Static(canary.Token("dc"))})
	if err != nil {
		t.Fatal(err)
	}
	f, err := gitfleet.New(gitfleet.Config{Manager: m, Base: base})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	for _, c := range []*providers.Client{
		f.GitHubAt("https://git.example.com"), f.GitHubAt("https://acme.ghe.com"), f.GitHubAt("git.example.com:443"),
		f.GitLabAt("https://git.example.com/gitlab"), f.BitbucketAt("https://center.example.com"),
	} {
		_, err := c.FetchRepository(t.Context(), "acme/web")
		if !errors.Is(err, providers.ErrUnauthorized) || !errors.Is(err, tokens.ErrNoTokens) || !strings.Contains(err.Error(), "example.com") && !strings.Contains(err.Error(), "acme.ghe.com") {
			t.Errorf("%s: FetchRepository() = %v, want ErrUnauthorized that names the host", c, err)
		}
	}
	if len(base.sent) != 0 {
		t.Errorf("%v was sent", base.sent)
	}
	f, err = gitfleet.New(gitfleet.Config{Manager: m, Base: base, Anonymous: true})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.GitHubAt("https://git.example.com").FetchRepository(t.Context(), "acme/web")
	if len(base.sent) != 1 {
		t.Errorf("%v was sent, want one request, which was asked for", base.sent)
	}
}

func TestConfig_Anonymous_asks_a_public_host_without_a_token(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Organizations: []fleettest.Owner{{Login: "acme", Repositories: 3}}})
	gh, err := github.New(providers.Config{Base: sim, Anonymous: true})
	if err != nil {
		t.Fatal(err)
	}
	if repositories, err := gh.FetchRepositories(t.Context(), "acme"); err != nil || len(repositories) != 3 {
		t.Errorf("%d repositories, %v; want 3", len(repositories), err)
	}
}

// What the manager asks by itself goes through the same proxy.
func TestConfig_Base_is_what_the_manager_asks_through(t *testing.T) {
	t.Parallel()
	secret := canary.Token("base")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{secret}})
	gh, err := github.New(providers.Config{Base: sim, Token: tokens.Token{Label: "one", Secret: tokens.Static(secret)}})
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := gh.ValidateCredentials(t.Context())
	if err != nil || len(credentials) != 1 || credentials[0].Login != "user-1" {
		t.Errorf("ValidateCredentials() = %+v, %v", credentials, err)
	}
}
