package providers

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// Version is the version of this module, as the user agent says it.
const Version = "0.1.0"

// DefaultUserAgent is what requests call themselves.
const DefaultUserAgent = "gitfleet/" + Version

// DefaultTimeout bounds one attempt of a request, its answer's body included.
// The wait for a token is not counted.
const DefaultTimeout = 60 * time.Second

// Config says what the New functions of the packages below make a [Client] of.
// It wants a Manager, a Token, or both.
type Config struct {
	// Manager holds the tokens. Defaults to one with Token only.
	Manager *tokens.Manager

	// Token is added to the manager, unless it is there already. Its provider
	// defaults to the client's, its host to Host. Optional if there is a Manager.
	Token tokens.Token

	// Host is the base URL of the host, as [tokens.Token] has it. Defaults to
	// the provider's public cloud.
	Host string

	// Transport sends the requests with the tokens of Manager: a
	// [transport.Transport], or whatever stands on top of one. Defaults to one
	// over Base.
	Transport http.RoundTripper

	// Base is below the default Transport. Defaults to [http.DefaultTransport].
	Base http.RoundTripper

	// UserAgent is what requests call themselves. Defaults to
	// [DefaultUserAgent].
	UserAgent string

	// MaxAnswer is how many bytes of one answer are taken into memory, decompressed:
	// of a page, a record, or what [Client.Call] decodes. Of an answer with a file it
	// is [FileAnswers] times as many. What [Client.Call] writes into an [io.Writer] as
	// it comes is not bounded. Beyond it a call ends with an error that matches
	// [ErrTooLarge]. Defaults to [DefaultMaxAnswer]; negative is no bound.
	MaxAnswer int64

	// Anonymous sends requests without a token if the manager has none for the
	// host when the client is made; with a Transport, as that one decides. Hosts
	// allow far fewer of those, counted by address.
	Anonymous bool
}

// Open is for drivers: it returns the RoundTripper that c describes, and the
// manager.
func (c Config) Open(p tokens.ProviderType) (http.RoundTripper, *tokens.Manager, error) {
	m, err := c.manager(p)
	if err != nil {
		return nil, nil, err
	}
	rt := c.Transport
	switch {
	case rt == nil && c.Anonymous && !c.hasToken(m, p):
		return cmp.Or(c.Base, http.DefaultTransport), m, nil
	case rt == nil:
		rt = &transport.Transport{Manager: m, Provider: p, Base: c.Base, Timeout: DefaultTimeout}
	}
	if !c.Anonymous && c.Host != "" {
		rt = &credentialed{rt, m, p, hostName(c.Host)}
	}
	return rt, m, nil
}

func (c Config) manager(p tokens.ProviderType) (*tokens.Manager, error) {
	m := c.Manager
	t := c.Token
	given := t.Secret != tokens.Secret{}
	if m == nil && !given && !c.Anonymous {
		return nil, errors.New("gitfleet: config: neither Manager nor Token is set, and Anonymous is not asked for")
	}
	if m == nil {
		var err error
		// What it asks by itself goes where the requests go.
		if m, err = tokens.NewManager(tokens.Config{Base: c.Base}); err != nil {
			return nil, err
		}
	}
	if !given {
		return m, nil
	}
	if t.Provider == "" {
		t.Provider = p
	}
	if t.Host == "" {
		t.Host = c.Host
	}
	return m, m.Add(t)
}
