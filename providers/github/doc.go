// Package github knows go-github and nothing else does. [NewClient] makes that
// library's client on top of a transport, set up so that it leaves limits and
// credentials to the transport:
//
//	gh, err := github.NewClient(fleet.Transport(tokens.GitHub), "")
//	repo, _, err := gh.Repositories.Get(ctx, "acme", "web")
//
// The client is go-github's own, unmodified; every method and error of it is as
// its documentation says. What go-github does by itself and what becomes of it:
//
//   - It remembers a Remaining of 0 and sends nothing until the reset. The
//     transport does not let it see one while other tokens have calls left; see
//     transport.Transport.RawHeaders.
//   - It has no timeout and no retries, and gets none here: [http.Client].Timeout
//     would count the time that a call waits for a token. Use contexts.
//   - WithAuthToken would set one token for all hosts. It is not used.
package github
