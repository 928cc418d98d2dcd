package providers

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// What went wrong, for [errors.Is]. Every [*Error] matches exactly one of these,
// but for ErrSSO and ErrScope, which match ErrForbidden as well.
var (
	ErrNotFound     = errors.New("not found")               // 404, 410; hosts hide what a token may not see
	ErrUnauthorized = errors.New("unauthorized")            // 401, or no usable token
	ErrForbidden    = errors.New("forbidden")               // 403 that is no limit
	ErrSSO          = errors.New("single sign-on required") // the token must be authorized for the organization
	ErrScope        = errors.New("scope missing")           // the token lacks a scope, see Error.MissingScopes
	ErrRateLimited  = tokens.ErrRateLimited                 // a limit, see Error.Refusal
	ErrUnsupported  = errors.New("not supported")           // the host has no such thing; nothing was sent
	ErrConflict     = errors.New("conflict")                // 409, such as an empty repository
	ErrInvalid      = errors.New("invalid")                 // 400, 422, or bad arguments, with which nothing was sent
	ErrUnavailable  = errors.New("unavailable")             // 5xx, or an answer that is not ready yet
	ErrTooLarge     = errors.New("too large")               // more than the host returns, or than Config.MaxAnswer
	ErrBlocked      = errors.New("blocked")                 // 451, or a repository taken down
	ErrMalformed    = errors.New("malformed answer")        // the answer is not what the API documents
	ErrTimeout      = errors.New("timeout")                 // of a request or of the context
	ErrCanceled     = errors.New("canceled")                // the context was
	ErrNetwork      = errors.New("network error")           // no answer came
)

// Error is what every failure of a [Client] is. The library's own error, and
// what package tokens says of exhausted tokens, are below it for [errors.As]. It
// holds no token.
type Error struct {
	Provider tokens.ProviderType
	Host     string // base URL
	Op       Op
	Target   string // what it was about, such as "acme/web"; may be empty
	Page     int    // of a list, from 1; 0 if it is none

	// Kind is one of the sentinels above.
	Kind error

	Status  int    // of the answer; 0 if there is none
	Message string // what the host said, else what is wrong
	Body    []byte // of the answer, its first 8 KiB

	// Refusal says more of an error that matches [ErrRateLimited].
	Refusal *Refusal

	// SSO is where the token can be authorized, for an [ErrSSO].
	SSO string

	// MissingScopes are what the token lacks, any one of them, for an [ErrScope].
	MissingScopes []string

	Err error // the cause; may be nil
}

// Refusal is what a limit said when it refused a call.
type Refusal struct {
	Resource   string        // the budget, such as "core"; may be empty
	Kind       LimitKind     // which kind of limit
	Reset      time.Time     // when calls are possible again; zero if nobody knows
	RetryAfter time.Duration // the wait that the host asked for; 0 if it did not
}

// LimitKind tells limits apart.
type LimitKind string

// The kinds of limit.
const (
	PrimaryLimit   LimitKind = "primary"   // the budget of a window
	SecondaryLimit LimitKind = "secondary" // on speed, concurrency or one route
	NoTokenLeft    LimitKind = "exhausted" // all tokens are spent; nothing was sent
)

// Error returns one line, such as "gitfleet: gitlab: fetch issues of acme/web:
// page 3: 403 forbidden: insufficient_scope".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("gitfleet: ")
	if e.Provider != "" {
		b.WriteString(string(e.Provider) + ": ")
	}
	b.WriteString(string(e.Op))
	if e.Target != "" {
		b.WriteString(" of " + e.Target)
	}
	if e.Page > 1 {
		fmt.Fprintf(&b, ": page %d", e.Page)
	}
	b.WriteString(": ")
	if e.Status != 0 {
		fmt.Fprintf(&b, "%d ", e.Status)
	}
	if e.Kind != nil {
		b.WriteString(e.kindText())
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	return b.String()
}

func (e *Error) kindText() string {
	if e.Kind == ErrRateLimited { //nolint:errorlint // it is the sentinel itself
		return "rate limited"
	}
	return e.Kind.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the error's kind.
func (e *Error) Is(target error) bool {
	return target == e.Kind || target == ErrForbidden && (e.Kind == ErrSSO || e.Kind == ErrScope)
}

// RetryAt returns when the same call may succeed: at once for the zero time.
// It is what package batch waits for.
func (e *Error) RetryAt() time.Time {
	var cause interface{ RetryAt() time.Time }
	switch {
	case e.Refusal != nil:
		return e.Refusal.Reset
	case errors.As(e.Err, &cause):
		return cause.RetryAt()
	}
	return time.Time{}
}

// StatusCode returns Status, for callers that know the error by this method only,
// such as package pool.
func (e *Error) StatusCode() int { return e.Status }

// Temporary reports whether the same call may succeed later without anybody
// changing anything.
func (e *Error) Temporary() bool {
	switch e.Kind {
	case ErrRateLimited, ErrUnavailable, ErrNetwork, ErrTimeout:
		return true
	}
	return false
}

// failure turns any error of a driver into an [*Error].
func (c *Client) failure(op Op, target string, page int, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{}
	var from *Error
	if errors.As(err, &from) {
		*e = *from
	} else {
		e.Kind, e.Message, e.Err = kindOf(err), textOf(err), err
	}
	if e.Kind == nil {
		e.Kind = kindOf(e.Err)
	}
	info := c.driver.Info()
	e.Provider, e.Host, e.Op, e.Target, e.Page = info.Provider, info.Host, op, shownName(target), page
	addExhaustion(e, err)
	return e
}

// kindOf classifies an error that came without an answer.
func kindOf(err error) error {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.Canceled):
		return ErrCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return ErrTimeout
	case errors.Is(err, tokens.ErrRateLimited):
		return ErrRateLimited
	case errors.As(err, new(*tokens.ExhaustedError)), errors.Is(err, tokens.ErrNoTokens):
		return ErrUnauthorized
	case errors.Is(err, tokens.ErrUnknownToken):
		return ErrInvalid
	case errors.Is(err, tokens.ErrClosed):
		return ErrCanceled
	case errors.Is(err, transport.ErrUnavailable):
		return ErrUnavailable
	case isMalformed(err):
		return ErrMalformed
	case errors.As(err, &timeout) && timeout.Timeout():
		return ErrTimeout
	}
	return ErrNetwork
}

// addExhaustion says until when all tokens are spent.
func addExhaustion(e *Error, err error) {
	var exhausted *tokens.ExhaustedError
	if e.Refusal != nil || !errors.As(err, &exhausted) || !errors.Is(err, tokens.ErrRateLimited) {
		return
	}
	e.Refusal = &Refusal{Resource: exhausted.Resource, Kind: NoTokenLeft, Reset: exhausted.ReadyAt}
}

// textOf returns an error's text without what ours says anyway: the prefix, and
// the method and the address of the request.
func textOf(err error) string {
	var sent *url.Error
	if errors.As(err, &sent) {
		err = sent.Err
	}
	return strings.TrimPrefix(err.Error(), "gitfleet: ")
}
