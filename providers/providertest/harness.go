package providertest

import (
	"net/http"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
)

// Options is what a test of the suite wants to run against.
type Options struct {
	// Repositories is how many repositories Harness.Owner has, all of which the
	// token sees: from 1 to 10,000, or 0.
	Repositories int

	// Wrap puts the suite's eyes and faults in front of the host. What it
	// returns must be the Base of the driver's transport, so that every attempt
	// of the driver's goes through it. The manager's own requests, with which it
	// confirms a refused token, must not: they go to the host directly, or end
	// in an error (tokens.Config.Base).
	Wrap func(host http.RoundTripper) http.RoundTripper

	// MaxAnswer is that of the client's [providers.Config].
	MaxAnswer int64
}

// Harness is a client over a simulated host, and what there is at the host.
// Names that are empty keep the operations that need them from being tested.
type Harness struct {
	// Client is what is tested. Its manager has one token or more.
	Client *providers.Client

	Owner        string // has Options.Repositories repositories
	Organization string // an organization, a group or a workspace
	User         string // a user's login

	// Repository names a repository, if Options.Repositories is not 0. Lists of
	// what it has are tested best with more than two items each.
	Repository string
	File       string // of Repository

	// Call is the path of a GET that is answered with a JSON object, and Pages
	// that of a list with several pages, for Client.Call and Client.Pages.
	Call  string
	Pages string

	// Exhaust leaves no token a call for some minutes at least.
	Exhaust func()

	// Native has for each operation a value, which may be nil, of the type that
	// Origin.As reaches, such as (*github.Repository)(nil). NativeClient is the
	// same for Client.As. NativeError is one of the type that errors.As finds
	// below a 404; nil if the library has none.
	Native       map[providers.Op]any
	NativeClient any
	NativeError  any

	// Without are operations that the driver has and the simulated host does
	// not answer. They are tested with made-up failures only.
	Without []providers.Op
}

// Run runs the suite. It calls newHarness for each test, within it; what has to
// be closed is closed with t.Cleanup.
func Run(t *testing.T, newHarness func(t testing.TB, o Options) Harness) {
	s := suite{newHarness}
	for _, part := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"lists", s.lists},
		{"contexts", s.contexts},
		{"failures", s.failures},
		{"answers", s.answers},
		{"links", s.links},
		{"names", s.names},
		{"options", s.options},
		{"records", s.records},
		{"calls", s.calls},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.run(t)
		})
	}
}
