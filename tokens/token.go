package tokens

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ID identifies a token without revealing it. It is fixed when the token is
// added: for a static secret it is derived from provider, host and secret, for a
// refreshing one from its name instead of the secret, so that the same token has
// the same ID in every process and after a restart.
type ID string

// Scheme is how a credential is written into a request. The zero Scheme is the
// provider's own: PRIVATE-TOKEN for GitLab, Bearer for the others.
type Scheme string

// The schemes.
const (
	Bearer       Scheme = "bearer"        // Authorization: Bearer …
	PrivateToken Scheme = "private-token" // PRIVATE-TOKEN: …, GitLab's access tokens
	JobToken     Scheme = "job-token"     // JOB-TOKEN: …, GitLab's CI jobs
	Basic        Scheme = "basic"         // Authorization: Basic …, with Token.User

	// Opaque is the scheme of a token of a service of the user's own, see [Manager.Service]: it is leased and counted, and
	// never written into a request. Its secret stays with whoever uses it, so that
	// Token.Secret, Host, User and ProbePath are empty.
	Opaque Scheme = "opaque"
)

// Token is a credential to be added to a [Manager]. Provider and Secret are
// required; of an [Opaque] one Provider and ID.
type Token struct {
	// Provider is the kind of host that issued the token.
	Provider ProviderType

	// ID is for an [Opaque] token, which has no secret that an ID could be derived
	// from: its provider, a slash and a name, such as "acme/key-1". Empty for any
	// other.
	ID ID

	// Secret is the credential itself; white space around it is removed.
	Secret Secret

	// Host is the base URL of the host that issued the token, such as
	// "https://git.example.com/gitlab". The token is sent to that host's API
	// and nowhere else. Without a scheme https is meant; plain http must be
	// written out. What speaks as Bitbucket Cloud does at another address ends in
	// /2.0; without that a Data Center is meant. Defaults to the provider's public
	// cloud.
	Host string

	// Label names the token for people, in logs, errors and events. Defaults
	// to the provider and the beginning of the ID, such as "github-3f2a9c".
	Label string

	// Account names whom the host counts, for example the login of the user
	// whose tokens these are. Tokens of one account share its budgets.
	// Defaults to an account of the token's own, until [Manager.Identify] finds
	// out whose it is.
	Account string

	// Owners are the users, organizations, groups or workspaces whose things the
	// token can see, without regard to case; a group covers the groups in it.
	// Calls that are about one of them (see [Request].Owner) go to tokens that
	// name it and to tokens without owners; calls about an owner that no usable
	// token names go to any, because what is public everybody sees. Defaults to
	// any owner.
	Owners []string

	// Expires is when the token ends, if that is known. It is not used from then
	// on and its state is [Expired]; if the host names an earlier end, that counts.
	// Zero means unknown or never. A refreshing
	// secret has ends of its own; do not name them here.
	Expires time.Time

	// Tags and Description are for people and filters; they mean nothing here.
	Tags        []string
	Description string

	// Floor is left untouched in the budgets of the token's account, for the
	// person who lent it. Of the tokens of one account the highest counts.
	// Defaults to none.
	Floor Floor

	// Priority puts tokens before others: those of a lower priority are used only
	// while no token of a higher one can serve. Defaults to 0.
	Priority int

	// Weight is the token's share where the strategy is "weighted". Defaults to
	// 1, also where it is less.
	Weight int

	// ProbePath is the path, and query, below Host that is asked with GET whether
	// the token is alive, for example "/api/v3/meta" where a proxy before an
	// Enterprise Server does not let /rate_limit through, or
	// "/2.0/repositories/acme?pagelen=1" for an access token of Bitbucket, which
	// has no user to ask for. It must be a path of the host's API, and cheap; 401
	// says that the token is dead. Defaults to what suits the provider.
	ProbePath string

	// Scheme is how the credential is sent. Defaults to the provider's own, or
	// to Basic if User is set.
	Scheme Scheme

	// User is the user name that Basic sends with the secret, for example the
	// e-mail address of an Atlassian account. Empty for the other schemes.
	User string
}

// String returns the label and never the secret.
func (t Token) String() string {
	if t.Label != "" {
		return t.Label
	}
	return string(t.Provider) + " token"
}

// normalized returns t with its defaults filled in, its ID and its place.
func (t Token) normalized() (Token, ID, place, error) {
	n, id, p, err := t.resolved()
	if err != nil {
		if checkLabel(t.Label, t.Secret.Reveal()) != nil {
			t.Label = "" // it may be a secret itself
		}
		return Token{}, "", place{}, fmt.Errorf("gitfleet: token %q: %w", t, err)
	}
	return n, id, p, nil
}

// check reports what is wrong with t, for errors that name it otherwise.
func (t Token) check() error {
	_, _, _, err := t.resolved()
	return err
}

func (t Token) resolved() (Token, ID, place, error) {
	if t.Scheme == Opaque {
		return t.opaque()
	}
	if t.ID != "" {
		return Token{}, "", place{}, errors.New(`an ID of one's own needs scheme "opaque"`)
	}
	p, err := parsePlace(t.Provider, t.Host)
	if err != nil {
		return Token{}, "", place{}, err
	}
	seed, err := t.cleanSecret()
	if err != nil {
		return Token{}, "", place{}, err
	}
	t.Host = p.base
	if t.Scheme == "" {
		t.Scheme = p.defaultScheme(t.User != "")
	}
	if err := checkLabel(t.Label, t.Secret.Reveal()); err != nil {
		return Token{}, "", place{}, err
	}
	if err := t.checkScheme(); err != nil {
		return Token{}, "", place{}, err
	}
	if err := t.Floor.check(); err != nil {
		return Token{}, "", place{}, err
	}
	if t.ProbePath != "" {
		if _, err := p.below(t.ProbePath); err != nil {
			return Token{}, "", place{}, err
		}
	}
	if t.Owners, err = t.cleanOwners(); err != nil {
		return Token{}, "", place{}, err
	}
	id := deriveID(p, t.User, seed)
	if t.Label == "" {
		t.Label = string(t.Provider) + "-" + string(id[:6])
	}
	return t, id, p, nil
}

// cleanSecret cleans the secret and returns what the ID is made of.
func (t *Token) cleanSecret() (seed string, err error) {
	if s := t.Secret.source; s != nil {
		return "source\x00" + s.name, s.check()
	}
	text, err := cleanSecret(t.Secret.Reveal())
	t.Secret = Static(text)
	return text, err
}

func (t Token) checkScheme() error {
	switch t.Scheme {
	case Bearer, PrivateToken, JobToken:
		return nil
	case Basic:
		if t.User == "" || strings.ContainsRune(t.User, ':') {
			return errors.New(`scheme "basic" needs a User without a colon`)
		}
		return nil
	}
	return fmt.Errorf("unknown scheme %q", t.Scheme)
}

// cleanSecret removes what surrounds a pasted token and refuses what no host
// accepts in a header. Its errors do not quote the secret.
func cleanSecret(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", errors.New("secret is empty")
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return "", fmt.Errorf("secret has a space, control or non-ASCII character at position %d of %d: pass the bare token", i+1, len(s))
		}
	}
	return s, nil
}

// deriveID hashes what makes a token what it is. 64 bits of a hash tell tokens
// apart and are far too few to find a host's random token from.
func deriveID(p place, user, seed string) ID {
	sum := sha256.Sum256([]byte("gitfleet token\x00" + string(p.provider) + "\x00" + p.base + "\x00" + user + "\x00" + seed))
	return ID(hex.EncodeToString(sum[:8]))
}
