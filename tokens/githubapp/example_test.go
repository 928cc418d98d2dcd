package githubapp_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/tokens/githubapp"
)

func Example() {
	ctx := context.Background()
	app, err := githubapp.New(12345, pemKey(), githubapp.Options{
		Base: canned, // leave it out to ask the real host
	})
	if err != nil {
		log.Fatal(err)
	}
	manager, err := tokens.NewManager(tokens.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer manager.Close()
	// From now on whoever installs the app is found within a minute.
	if _, err := manager.Sync(ctx, app, tokens.SyncConfig{}); err != nil {
		log.Fatal(err)
	}
	for _, t := range manager.AllTokens(tokens.GitHub) {
		fmt.Printf("%s (%s): %v\n", t.Label, t.Account, t.Status)
	}
	// Output:
	// acme (installation 7): unknown
	// octocat (installation 8): unknown
}

// canned stands for the network.
var canned = roundTripper(func(*http.Request) (*http.Response, error) {
	const list = `[{"id":7,"account":{"login":"acme"}},{"id":8,"account":{"login":"octocat"}}]`
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(list))}, nil
})

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
