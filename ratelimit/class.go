package ratelimit

// Class is what a response means for the token that was sent.
//
// Only [PrimaryLimit], [SecondaryLimit] and [Unauthorized] call for another
// token or a pause; every other class is an answer for the caller, even if the
// budget is spent by it.
type Class uint8

// The classes.
const (
	Other          Class = iota // none of those below, for example a 422 or a redirect
	OK                          // served, whatever is left of the budget
	PrimaryLimit                // refused: the budget is spent
	SecondaryLimit              // refused: too fast, too many at once, or not saying why
	Unauthorized                // refused: the credential was not honoured
	Forbidden                   // an answer, not a limit: this credential may not do this
	NotFound                    // there is no such thing, or this credential may not see it
	ServerError                 // the host failed; says nothing of the token
)

// Scope says whom the numbers of a response describe. A host that does not
// honour a token still answers with numbers, those of the address it came from:
// booked on the token, they would make a full budget look nearly empty.
type Scope uint8

// The scopes.
const (
	NoNumbers    Scope = iota // the response has no numbers
	TokenNumbers              // the account of the token that was sent
	IPNumbers                 // the sender's IP address; never to be stored on a token
)

// Validity is what a response proves about the credential that was sent. It is
// what one answer says; a token should not be retired for a single [Invalid],
// since hosts refuse fresh and refreshed tokens for a moment as well.
type Validity uint8

// The validities.
const (
	Unproven Validity = iota // leave the token's state as it is
	Valid                    // the host honoured the credential
	Invalid                  // the host refused the credential itself
)

// Advice says whether the same request is worth sending with another token. It
// does not say whether the request can be repeated, which is for the sender to
// know.
type Advice uint8

// The advices.
const (
	SwapNever    Advice = iota // the answer would be the same
	SwapAlways                 // a limit of this account, or a dead token
	SwapByPolicy               // the host does not document whom the limit counts
)

// String returns the class in snake_case, for example "primary_limit".
func (c Class) String() string {
	switch c {
	case Other:
		return "other"
	case OK:
		return "ok"
	case PrimaryLimit:
		return "primary_limit"
	case SecondaryLimit:
		return "secondary_limit"
	case Unauthorized:
		return "unauthorized"
	case Forbidden:
		return "forbidden"
	case NotFound:
		return "not_found"
	case ServerError:
		return "server_error"
	}
	return unnamed("class", uint8(c))
}

// Limit reports whether c is a refusal because of a limit, of either kind.
func (c Class) Limit() bool { return c == PrimaryLimit || c == SecondaryLimit }

// String returns "none", "token" or "ip".
func (s Scope) String() string {
	switch s {
	case NoNumbers:
		return "none"
	case TokenNumbers:
		return "token"
	case IPNumbers:
		return "ip"
	}
	return unnamed("scope", uint8(s))
}

// String returns "unproven", "valid" or "invalid".
func (v Validity) String() string {
	switch v {
	case Unproven:
		return "unproven"
	case Valid:
		return "valid"
	case Invalid:
		return "invalid"
	}
	return unnamed("validity", uint8(v))
}

// String returns "never", "always" or "by_policy".
func (a Advice) String() string {
	switch a {
	case SwapNever:
		return "never"
	case SwapAlways:
		return "always"
	case SwapByPolicy:
		return "by_policy"
	}
	return unnamed("advice", uint8(a))
}
