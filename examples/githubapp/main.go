// Githubapp spends the tokens of a GitHub App: every account that installed the
// app brings a budget of its own, and its tokens are minted when calls need
// them and refreshed before they end.
//
//	go run ./examples/githubapp
//
// Nothing leaves the machine. For github.com set APP_ID and APP_KEY, the private
// key as GitHub generated it, and change the line in run that says so.
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/google/go-github/v66/github"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/tokens/githubapp"
	"github.com/gitfleet/gitfleet/transport"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	id, key, base := simulated() // github.com: os.Getenv("APP_ID"), []byte(os.Getenv("APP_KEY")), http.DefaultTransport

	app, err := githubapp.New(id, key, githubapp.Options{Base: base})
	if err != nil {
		return err
	}
	m, err := tokens.NewManager(tokens.Config{})
	if err != nil {
		return err
	}
	defer m.Close()
	if _, err := m.Sync(ctx, app, tokens.SyncConfig{}); err != nil {
		return err
	}

	gh := github.NewClient(&http.Client{Transport: &transport.Transport{Manager: m, Provider: tokens.GitHub, Base: base}})
	for _, owner := range []string{"octocat", "golang", "octocat"} { // each with the installation there
		if _, _, err := gh.Repositories.Get(ctx, owner, "repo-0001"); err != nil {
			return err
		}
	}
	for _, t := range m.AllTokens(tokens.GitHub) {
		fmt.Fprintf(stdout, "%s, %s: %v\n", t.Label, t.Account, t.Status)
	}
	return nil
}

// simulated returns an app and a GitHub in memory where two installed it.
func simulated() (id string, key []byte, base http.RoundTripper) {
	private, _ := rsa.GenerateKey(rand.Reader, 2048) // it never fails
	key = pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)})
	return "12345", key, appHost{fleettest.NewGitHub(fleettest.Config{
		Organizations: []fleettest.Owner{{Login: "golang", Repositories: 1}},
		Users:         []fleettest.Owner{{Login: "octocat", Repositories: 1}},
		Tokens:        []string{"example-token-7", "example-token-8"},
	})}
}

// appHost adds to a GitHub what an app asks it for.
type appHost struct{ *fleettest.GitHub }

// RoundTrip implements [http.RoundTripper].
func (h appHost) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if req.URL.Path == "/app/installations" {
		fmt.Fprint(w, `[{"id": 7, "account": {"login": "golang"}}, {"id": 8, "account": {"login": "octocat"}}]`)
	} else if rest, ok := strings.CutPrefix(req.URL.Path, "/app/installations/"); ok {
		w.WriteHeader(http.StatusCreated)
		installation, _, _ := strings.Cut(rest, "/")
		ends := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		fmt.Fprintf(w, `{"token": "example-token-%s", "expires_at": %q}`, installation, ends)
	} else {
		return h.GitHub.RoundTrip(req)
	}
	return w.Result(), nil
}
