// Package githubapp makes the installations of a GitHub App a source of tokens.
//
// A GitHub App has one private key and is installed by any number of users and
// organizations. For each installation GitHub gives out tokens that live for an
// hour and have a rate limit of their own (GitHub Docs, "Authenticating as a
// GitHub App installation"):
//
//	app, err := githubapp.New(12345, pemKey, githubapp.Options{})
//	if err != nil { … }
//	syncer, err := manager.Sync(ctx, app, tokens.SyncConfig{})
//
// Each installation becomes one [tokens.Token], which serves calls about the owner
// who installed the app, and calls about those who have not or whose owner is
// unknown. Its secret is minted when a call needs it and refreshed before it ends.
// Whoever installs the app later is found by the next listing, and who removes or
// suspends it goes.
package githubapp

import (
	"cmp"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gitfleet/gitfleet/tokens"
)

// DefaultBaseURL is the address of github.com's API.
const DefaultBaseURL = "https://api.github.com"

// Options says where an App is and how to reach it. The zero Options means
// github.com.
type Options struct {
	// BaseURL is the address of the host or of its API, as for Token.Host: such
	// as "https://git.example.com" or "https://acme.ghe.com". Plain http must be
	// written out. Defaults to [DefaultBaseURL].
	BaseURL string

	// Base sends the App's own requests, which carry its JWT. Defaults to
	// [http.DefaultTransport]. It must not be a RoundTripper that spends the
	// tokens of the manager that the App feeds.
	Base http.RoundTripper
}

// App is a GitHub App and a [tokens.Source] of its installations' tokens. It is
// safe for concurrent use. Its errors, and what is printed of it, hold neither
// the key nor any token.
type App struct {
	id     string
	base   *url.URL
	sender http.RoundTripper
	key    func() *rsa.PrivateKey // a function, so that no printer finds the key

	mu   sync.Mutex // guards rest
	rest time.Time  // GitHub has refused the App's own requests until then
}

// Static check that App is what Manager.Sync wants.
var _ tokens.Source = (*App)(nil)

// New returns the App of an ID, as its settings page shows it: the App ID, as a
// number or text, or the client ID. The key is the private key in PEM form that
// GitHub generated. New sends nothing.
func New[ID string | int | int64](appID ID, pemKey []byte, o Options) (*App, error) {
	id := strings.TrimSpace(fmt.Sprint(appID))
	if id == "" || id == "0" {
		return nil, errors.New("gitfleet: github app: the ID is empty")
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM(pemKey)
	if err != nil {
		// The library's own error might quote what it could not read.
		return nil, fmt.Errorf("gitfleet: github app %s: the key is not an RSA private key in PEM form", id)
	}
	base, err := parseBase(o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("gitfleet: github app %s: %w", id, err)
	}
	sender := o.Base
	if sender == nil {
		sender = http.DefaultTransport
	}
	return &App{id: id, base: base, sender: sender, key: func() *rsa.PrivateKey { return key }}, nil
}

func parseBase(base string) (*url.URL, error) {
	if base == "" {
		base = DefaultBaseURL
	}
	if !strings.Contains(base, "://") {
		base = "https://" + base
	}
	u, err := url.Parse(base)
	switch {
	case err != nil, u.Hostname() == "", u.Scheme != "https" && u.Scheme != "http", u.User != nil, u.RawQuery != "", u.Fragment != "":
		return nil, fmt.Errorf("the base URL is not one: want for example %s", DefaultBaseURL)
	}
	host := strings.ToLower(u.Host)
	if host == "github.com" || strings.HasSuffix(host, ".ghe.com") && !strings.HasPrefix(host, "api.") {
		host = "api." + host
	}
	u.Host, u.Path = host, strings.TrimRight(u.Path, "/")
	cloud := host == "api.github.com" || strings.HasSuffix(host, ".ghe.com")
	if !cloud && !strings.HasSuffix(u.Path, "/api/v3") {
		u.Path += "/api/v3" // where Enterprise Server has its REST API
	}
	return u, nil
}

// String returns "github app" and the ID.
func (a *App) String() string { return "github app " + a.id }

// Format implements [fmt.Formatter]: an App prints as its ID with every verb.
func (a *App) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.String()) }

// Tokens implements [tokens.Source]: it lists the installations that are not
// suspended, page by page, and returns a token for each. Its label and its only
// owner are the login of who installed the app, its account "installation 123".
// Nothing is minted.
func (a *App) Tokens(ctx context.Context) ([]tokens.Token, error) {
	all, err := a.installations(ctx)
	if err != nil {
		return nil, fmt.Errorf("gitfleet: github app %s: list installations: %w", a.id, err)
	}
	var ts []tokens.Token
	for _, in := range all {
		if in.SuspendedAt == nil {
			ts = append(ts, a.token(in))
		}
	}
	return ts, nil
}

type installation struct {
	ID      int64 `json:"id"`
	Account struct {
		Login string `json:"login"` // of a user or organization
		Slug  string `json:"slug"`  // of an enterprise, which has no login
	} `json:"account"`
	SuspendedAt *time.Time `json:"suspended_at"`
}

func (a *App) token(in installation) tokens.Token {
	account := "installation " + strconv.FormatInt(in.ID, 10)
	label, owners := account, []string(nil)
	if login := cmp.Or(in.Account.Login, in.Account.Slug); login != "" {
		label, owners = login, []string{login}
	}
	return tokens.Token{
		Provider: tokens.GitHub,
		Host:     a.base.String(),
		Label:    label,
		Account:  account,
		Owners:   owners,
		Secret: tokens.Refreshing("github app "+a.id+" "+account, func(ctx context.Context) (string, time.Time, error) {
			return a.mint(ctx, in.ID)
		}),
	}
}

func (a *App) url(path, query string) *url.URL {
	u := *a.base
	u.Path += path
	u.RawQuery = query
	return &u
}

// mint gets a new token for an installation (GitHub Docs, "Create an
// installation access token for an app").
func (a *App) mint(ctx context.Context, installation int64) (string, time.Time, error) {
	var answer struct {
		Token   string    `json:"token"`
		Expires time.Time `json:"expires_at"`
	}
	u := a.url("/app/installations/"+strconv.FormatInt(installation, 10)+"/access_tokens", "")
	if _, err := a.call(ctx, http.MethodPost, u, http.StatusCreated, &answer); err != nil {
		return "", time.Time{}, fmt.Errorf("github app %s: installation %d: %w", a.id, installation, err)
	}
	if answer.Expires.IsZero() {
		// Without a time the token would be kept for ever; they live for an hour.
		answer.Expires = time.Now().Add(time.Hour)
	}
	return answer.Token, answer.Expires, nil
}

// perPage is the most that GitHub lists on one page.
const perPage = "100"

// maxPages bounds a listing, 100,000 installations, whatever a host links to.
const maxPages = 1000

func (a *App) installations(ctx context.Context) ([]installation, error) {
	u := a.url("/app/installations", "per_page="+perPage)
	var all []installation
	for range maxPages {
		var page []installation
		header, err := a.call(ctx, http.MethodGet, u, http.StatusOK, &page)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		next, err := a.next(u, header)
		if err != nil {
			return nil, err
		}
		if next == nil {
			return all, nil
		}
		u = next
	}
	return nil, fmt.Errorf("the list has more than %d pages", maxPages)
}
