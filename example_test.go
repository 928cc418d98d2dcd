package gitfleet_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/google/go-github/v66/github"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/batch"
	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/pool"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	"github.com/gitfleet/gitfleet/usage"
)

// Existing go-github code keeps its client; only the http.Client is new.
func Example() {
	ctx := context.Background()

	fleet, err := gitfleet.FromEnv() // GITHUB_TOKENS="alice ghp_…, ci ghs_…"
	if err != nil {
		log.Fatal(err)
	}
	defer fleet.Close()

	gh := github.NewClient(fleet.HTTPClient(tokens.GitHub))
	repos, _, err := gh.Repositories.ListByOrg(ctx, "acme", nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range repos {
		fmt.Println(r.GetFullName())
	}
}

// One method and one model for all hosts, and one loop over all of them.
func Example_portable() {
	ctx := context.Background()
	fleet, hosts := cookbook()
	defer fleet.Close()
	hosts.bitbucket.Revoke(canary.Token("bb"))
	found := map[tokens.ProviderType]int{}

	repositories, err := fleet.GitLab().FetchRepositories(ctx, "acme") // all of them, or an error
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(repositories), "at GitLab")

	for repository, err := range fleet.Repositories(ctx, "acme") { // of all hosts, as they come
		if err != nil {
			log.Println(err) // gitfleet: bitbucket: fetch repositories of acme: page 1: 401 unauthorized: …
			continue         // the others go on
		}
		found[repository.Provider]++
	}
	fmt.Println(found)
	// Output:
	// 3 at GitLab
	// map[github:3 gitlab:3]
}

// A loop that ends early asks for no more pages, and errors are told apart by
// their kind.
func Example_iterator() {
	ctx := context.Background()
	fleet, _ := cookbook()
	defer fleet.Close()
	gh := fleet.GitHub()

	for pr, err := range gh.PullRequests(ctx, "acme/repo-0001", providers.InState(providers.Open)) {
		if errors.Is(err, providers.ErrNotFound) {
			break // it is not there, or hidden from the token
		}
		if err != nil {
			log.Fatal(err)
		}
		if pr.Draft != nil && *pr.Draft { // nil is unknown, and not false
			continue
		}
		fmt.Println(pr.State, "into", pr.Base.Ref)
		break
	}
	// Output:
	// open into main
}

// A certificate authority, a proxy and timeouts belong to the RoundTripper that
// is below everything.
func ExampleConfig_base() {
	pem, err := os.ReadFile("/etc/ssl/acme.pem")
	if err != nil {
		log.Fatal(err)
	}

	roots, err := x509.SystemCertPool()
	if err != nil {
		log.Fatal(err)
	}
	roots.AppendCertsFromPEM(pem)
	base := http.DefaultTransport.(*http.Transport).Clone() // with the proxies of the environment
	base.TLSClientConfig = &tls.Config{RootCAs: roots}

	manager, err := tokens.NewManager(tokens.Config{Base: base}, tokens.Token{ // its own questions go the same way
		Provider: tokens.GitHub, Host: "https://git.example.com", Secret: tokens.Static(os.Getenv("ACME_TOKEN")),
	})
	if err != nil {
		log.Fatal(err)
	}
	state, err := gitfleet.StatePath("program") // below $XDG_STATE_HOME
	if err != nil {
		log.Fatal(err)
	}
	fleet, err := gitfleet.New(gitfleet.Config{
		Manager:   manager,
		Base:      base,
		StateFile: state, // limits are known after a restart; it holds no secret
		Transport: func(t *transport.Transport) { t.Timeout = time.Minute },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer fleet.Close() // writes the state

	enterprise := fleet.GitHubAt("https://git.example.com")
	fmt.Println(enterprise.FetchCurrentUser(context.Background()))
}

// The transport alone goes under any client that takes an http.Client.
func Example_transport() {
	sim, secrets := simulated()

	manager, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(secrets[0])},
		tokens.Token{Provider: tokens.GitHub, Label: "ci", Secret: tokens.Static(secrets[1])},
	)
	if err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: &transport.Transport{
		Manager:  manager,
		Provider: tokens.GitHub,
		Base:     sim, // leave it out to send to the real host
	}}

	resp, err := client.Get("https://api.github.com/orgs/acme")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)

	for _, t := range manager.AllTokens(tokens.GitHub) {
		fmt.Printf("%s: %v\n", t.Label, t.Status)
	}
	// Output:
	// 200 OK
	// alice: available (49 of 50 left)
	// ci: unknown
}

// The manager by itself, for code that sends requests in its own way.
func Example_manager() {
	sim, secrets := simulated()
	manager, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(secrets[0])})
	if err != nil {
		log.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodGet, "https://api.github.com/orgs/acme", nil)
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("User-Agent", "example")

	host, ok := manager.Host(tokens.GitHub, req.URL)
	if !ok {
		log.Fatal("no token may be sent to ", req.URL)
	}
	asked := ratelimit.Request{Method: req.Method, URL: req.URL}
	lease, err := host.Lease(req.Context(), tokens.Request{Draw: host.Dialect().Draw(asked)})
	if err != nil {
		log.Fatal(err)
	}
	lease.Authorize(req.Header)
	resp, err := sim.RoundTrip(req)
	if err != nil {
		lease.Lost() // it may have been counted all the same
		log.Fatal(err)
	}
	defer resp.Body.Close()
	seen := host.Dialect().Observe(asked, ratelimit.Response{Status: resp.StatusCode, Header: resp.Header}, time.Now())
	lease.Settle(seen)

	fmt.Println(seen.Class, manager.AllTokens(tokens.GitHub)[0].Status)
	// Output: ok available (49 of 50 left)
}

// Tokens that a program prints, here Vault's, are kept in step while this one
// runs.
func Example_command() {
	ctx := context.Background()
	manager, err := tokens.NewManager(tokens.Config{})
	if err != nil {
		log.Fatal(err)
	}

	vault := tokens.Command(tokens.GitHub, "vault", "kv", "get", "-field=token", "secret/github")
	syncer, err := manager.Sync(ctx, vault, tokens.SyncConfig{Interval: 5 * time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	defer syncer.Close()
}

// The host is asked whose the tokens are, and what happens to them is told.
func Example_identify() {
	ctx := context.Background()
	manager, err := tokens.NewManager(tokens.Config{})
	if err != nil {
		log.Fatal(err)
	}

	cancel := manager.Subscribe(func(e tokens.Event) {
		log.Println(e.Label, e.Kind, e.State, e.Reason) // no event holds a secret
	})
	defer cancel()

	if err := manager.Identify(ctx); err != nil { // all tokens, or those with the given IDs
		log.Println(err)
	}
	for _, t := range manager.AllTokens(tokens.GitHub) {
		fmt.Println(t.Label, t.Account, t.Identity.Kind, t.Identity.Scopes, t.Expires)
	}
}

// A program that would rather do something else than wait says so.
func ExampleNew() {
	sim, secrets := simulated()
	sim.SetRemaining(secrets[0], "core", 0)
	manager, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(secrets[0])})
	if err != nil {
		log.Fatal(err)
	}

	fleet, err := gitfleet.New(gitfleet.Config{
		Manager: manager,
		Base:    sim,
		MaxWait: -1, // never wait
		Hooks: transport.Hooks{
			Limit: func(_ context.Context, l transport.Limit) {
				fmt.Printf("%s met a %v: %d\n", l.Label, l.Seen.Class, l.Status)
			},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer fleet.Close()

	client := fleet.HTTPClient(tokens.GitHub)
	for range 2 {
		resp, err := client.Get("https://api.github.com/user")
		var exhausted *tokens.ExhaustedError
		switch {
		case errors.As(err, &exhausted):
			wait := time.Until(exhausted.ReadyAt)
			fmt.Println("nothing was sent; come again later:", wait > 0)
		case err != nil:
			log.Fatal(err)
		default:
			resp.Body.Close()
			fmt.Println("the host's own answer:", resp.Status)
		}
	}
	// Output:
	// alice met a primary_limit: 403
	// the host's own answer: 403 Forbidden
	// nothing was sent; come again later: true
}

// Whatever a transport can do otherwise is set for all providers, or for one.
func ExampleConfig_transport() {
	sim, secrets := simulated()
	sim.Inject(fleettest.Fault{Status: http.StatusBadGateway})
	manager, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(secrets[0])})
	if err != nil {
		log.Fatal(err)
	}

	fleet, err := gitfleet.New(gitfleet.Config{
		Manager: manager,
		Base:    sim,
		Transport: func(t *transport.Transport) {
			t.Retries = 2                       // after 5xx and network errors, within RetryBudget
			t.SwapSSO = true                    // a token that lacks single sign-on is no dead end
			t.Exhausted = transport.MakeRefusal // the client library's own error, not ours
			if t.Provider == tokens.Bitbucket {
				t.MaxWait = 2 * time.Hour
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer fleet.Close()

	resp, err := fleet.HTTPClient(tokens.GitHub).Get("https://api.github.com/user")
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	fmt.Println(resp.Status)
	// Output:
	// 200 OK
}

// simulated returns a GitHub with an organization and two tokens.
func simulated() (*fleettest.GitHub, []string) {
	secrets := []string{canary.Token("alice"), canary.Token("ci")}
	return fleettest.NewGitHub(fleettest.Config{
		Tokens:        secrets,
		Limit:         50,
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 10}},
	}), secrets
}

// A batch asks one thing of many owners, several at once.
func Example_batch() {
	ctx := context.Background()
	sim, secrets := simulated()
	manager, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(secrets[0])})
	if err != nil {
		log.Fatal(err)
	}
	fleet, err := gitfleet.New(gitfleet.Config{Manager: manager, Base: sim})
	if err != nil {
		log.Fatal(err)
	}
	defer fleet.Close()
	owners := []string{"acme", "acme"}

	client := fleet.GitHub()
	result, err := batch.Run(ctx, owners, func(ctx context.Context, owner string) (int, error) {
		repositories, err := client.FetchRepositories(ctx, owner)
		return len(repositories), err
	}, batch.Config{Concurrency: 20, MaxRetries: 3})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d of %d owners\n", result.Succeeded, result.Total)
	// Output: 1 of 1 owners
}

// Statistics need a store and a recorder, whose hooks go into the transport.
func Example_usage() {
	ctx := context.Background()
	manager, err := tokens.NewManager(tokens.Config{})
	if err != nil {
		log.Fatal(err)
	}
	store := usage.NewMemory(10_000)

	recorder := usage.NewRecorder(store, usage.Config{Lookup: manager.Lookup})
	defer recorder.Close(ctx)
	client := &http.Client{Transport: &transport.Transport{
		Manager: manager, Provider: tokens.GitHub, Hooks: recorder.Hooks(),
	}}
	fmt.Println(client.Transport != nil, recorder.Counts())
	// Output: true {0 0 0 0}
}

// priceClient stands for the client of any SDK.
type priceClient struct{ key string }

func (c *priceClient) Price(_ context.Context, id string) (string, error) {
	return "price of " + id, nil
}

// Any API has keys; a pool lets them take turns in the same way.
func Example_pool() {
	ctx := context.Background()

	prices, err := pool.New(pool.Config[*priceClient]{
		Provider: "prices",
		Keys:     []pool.Key{{ID: "key1", Secret: tokens.Static("example-1")}, {ID: "key2", Secret: tokens.Static("example-2")}},
		Open: func(ctx context.Context, k pool.Key) (*priceClient, error) {
			return &priceClient{key: k.Secret.Reveal()}, nil // a client of any SDK, one for each key
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer prices.Close()

	price, err := pool.Do(ctx, prices, func(ctx context.Context, c *priceClient) (string, error) {
		return c.Price(ctx, "bitcoin")
	})
	if err != nil {
		log.Fatal(err) // when no key is left: a *tokens.ExhaustedError, with the time when one is back
	}
	fmt.Println(price)
	// Output: price of bitcoin
}

// What has not changed costs nothing at GitHub, whichever token asks.
func Example_cache() {
	ctx := context.Background()
	manager, sim := twoTokens()

	cache := &transport.Cache{} // in memory; with a folder: Store: store, of diskcache.Open
	fleet, err := gitfleet.New(gitfleet.Config{Manager: manager, Base: sim, Cache: cache})
	if err != nil {
		log.Fatal(err)
	}
	defer fleet.Close()

	for range 10 {
		if _, err := fleet.GitHub().FetchRepository(ctx, "acme/repo-0001"); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(cache.Stats().Hits, "answers were free,", cache.Stats().Paid(), "was not")
	// Output:
	// 9 answers were free, 1 was not
}

// twoTokens is a simulated GitHub with a token for each of two users.
func twoTokens() (*tokens.Manager, http.RoundTripper) {
	alice, bob := canary.Token("alice"), canary.Token("bob")
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{alice, bob},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}},
	})
	manager, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)},
		tokens.Token{Provider: tokens.GitHub, Label: "bob", Secret: tokens.Static(bob)})
	if err != nil {
		log.Fatal(err)
	}
	return manager, sim
}
