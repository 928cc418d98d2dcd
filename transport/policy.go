package transport

import (
	"context"
	"net/http"
	"net/textproto"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// SecondaryPolicy says what a call does after its first refusal for a secondary
// limit, such as GitHub's limits on speed and concurrency. After a second one
// it always waits.
type SecondaryPolicy uint8

const (
	// SwapOnce goes on with another account, as far as there is one. It is the
	// default.
	SwapOnce SecondaryPolicy = iota

	// WaitOut waits for as long as the answer asks, or a minute if it does not
	// say, before anything is sent again.
	WaitOut
)

// CredentialPolicy says whose credential wins if the caller's request brings
// one to a token's host.
type CredentialPolicy uint8

const (
	// ReplaceCredential sends the manager's, because client libraries and older
	// code often set one. It is the default.
	ReplaceCredential CredentialPolicy = iota

	// KeepCredential sends such a request as it came in: nothing is leased,
	// counted or sent again. A header without a value, as go-gitlab's, is not a
	// credential.
	KeepCredential
)

// ExhaustedPolicy says what a call returns for which there is no token, or none
// to go on with after a limit.
type ExhaustedPolicy uint8

const (
	// ReturnRefusal returns the refusal that the call met, so that the client
	// library above makes its own error of it, and a [*tokens.ExhaustedError] if
	// nothing was sent. It is the default.
	ReturnRefusal ExhaustedPolicy = iota

	// ReturnError returns a [*tokens.ExhaustedError] in both cases. A call that
	// may not be sent again, or not wait, still returns its refusal.
	ReturnError

	// MakeRefusal returns the refusal that the call met, as ReturnRefusal does,
	// and if nothing was sent one that is made up in the host's own form, so
	// that the client library above makes its own error of that too: for GitHub
	// a 403 with X-RateLimit fields (for GraphQL a 200 with an error of the type
	// RATE_LIMITED), for others a 429. It carries X-From-Cache: 1; its
	// Retry-After, and Reset where the host has one, say when the manager is
	// ready. Where no token will ever serve there is no such time, and it
	// remains at a [*tokens.ExhaustedError].
	MakeRefusal
)

// override is what a context changes.
type override struct {
	maxWait     time.Duration
	maxAttempts int
	owner       string
	token       tokens.ID
	walk        *tokens.Walk
}

type overrideKey struct{}

func overrideOf(ctx context.Context) override {
	o, _ := ctx.Value(overrideKey{}).(override)
	return o
}

// WithMaxWait returns a context whose requests have d in place of
// [Transport.MaxWait]. 0 changes nothing.
func WithMaxWait(ctx context.Context, d time.Duration) context.Context {
	o := overrideOf(ctx)
	o.maxWait = d
	return context.WithValue(ctx, overrideKey{}, o)
}

// WithMaxAttempts returns a context whose requests have n in place of
// [Transport.MaxAttempts]. 0 changes nothing.
func WithMaxAttempts(ctx context.Context, n int) context.Context {
	o := overrideOf(ctx)
	o.maxAttempts = n
	return context.WithValue(ctx, overrideKey{}, o)
}

// WithOwner returns a context whose requests are about things of this user,
// organization, group or workspace, whatever their paths say: they go to tokens
// that name it in [tokens.Token.Owners] and to tokens without owners, or to any if
// no usable token names it. It is for what a path does not tell, such as GraphQL.
// An empty owner leaves it to the path again.
func WithOwner(ctx context.Context, owner string) context.Context {
	o := overrideOf(ctx)
	o.owner = owner
	return context.WithValue(ctx, overrideKey{}, o)
}

// WithToken returns a context whose requests go out with the token of this ID and
// no other: they wait for it, and their refusals are handed back. At a host that
// has no such token they fail with an error that matches
// [tokens.ErrUnknownToken]. An empty ID ends that.
func WithToken(ctx context.Context, id tokens.ID) context.Context {
	o := overrideOf(ctx)
	o.token = id
	return context.WithValue(ctx, overrideKey{}, o)
}

// FixedToken returns the token that [WithToken] has fixed the context's requests
// to. ok is false if there is none.
func FixedToken(ctx context.Context) (id tokens.ID, ok bool) {
	id = overrideOf(ctx).token
	return id, id != ""
}

// WithWalk returns a context whose requests belong together, such as the pages of
// one list: they go to one account as long as that can serve at once, then to one
// other, and so on (see [tokens.Walk]). A context that belongs to a walk already is
// returned as it is, so that a list within a list stays with it.
func WithWalk(ctx context.Context) context.Context {
	o := overrideOf(ctx)
	if o.walk != nil {
		return ctx
	}
	o.walk = new(tokens.Walk)
	return context.WithValue(ctx, overrideKey{}, o)
}

// bounds returns what holds for one request.
func (t *Transport) bounds(o override) (maxWait time.Duration, maxAttempts int) {
	maxWait, maxAttempts = t.MaxWait, t.maxAttempts()
	if o.maxWait != 0 {
		maxWait = o.maxWait
	}
	if o.maxAttempts != 0 {
		maxAttempts = o.maxAttempts
	}
	return maxWait, maxAttempts
}

// bringsCredential reports whether h has a credential to a Git host that is
// more than the name of a scheme.
func bringsCredential(h http.Header) bool {
	for key, values := range h {
		switch textproto.CanonicalMIMEHeaderKey(key) {
		case "Authorization":
			for _, v := range values {
				if _, credential, _ := strings.Cut(strings.TrimSpace(v), " "); credential != "" {
					return true
				}
			}
		case "Private-Token", "Job-Token":
			if strings.TrimSpace(strings.Join(values, "")) != "" {
				return true
			}
		}
	}
	return false
}
