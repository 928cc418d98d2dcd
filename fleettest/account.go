package fleettest

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"strings"
	"time"
)

// account is what the host counts: its budgets, its secondary limits and what
// it asked.
type account struct {
	login        string
	id           int64
	scopes       string
	installation bool
	sees         map[string]bool // organizations, lower case; nil: all
	limits       map[string]int
	budgets      map[string]budget

	points        sliding // REST
	graphQLPoints sliding
	minute        sliding // content created
	hour          sliding
	restTill      time.Time // refused for a secondary limit until then
	inFlight      int

	counts Counts
}

// anonymous reports whether a stands for an address instead of an account.
func (a *account) anonymous() bool { return a.login == "" }

// memberOf reports whether a sees the private side of an organization. Who is
// member of a group is member of its subgroups.
func (a *account) memberOf(o *owner) bool {
	if a.anonymous() || a.sees == nil {
		return !a.anonymous()
	}
	for path := strings.ToLower(o.login); path != ""; path = parentPath(path) {
		if a.sees[path] {
			return true
		}
	}
	return false
}

// seesPrivateOf reports whether a sees what is private of an owner.
func (a *account) seesPrivateOf(o *owner) bool {
	if a.anonymous() {
		return false
	}
	return o.id == a.id || o.kind == kindOrganization && a.memberOf(o)
}

// digest is what is kept of a token.
type digest [sha256.Size]byte

func digestOf(token string) digest { return sha256.Sum256([]byte(token)) }

// credential is a token that the host knows.
type credential struct {
	account *account
	ordinal int // place in Config, from 1
	revoked bool
	expires time.Time // zero: never
}

// valid reports whether the token is accepted at now.
func (c *credential) valid(now time.Time) bool {
	return !c.revoked && (c.expires.IsZero() || now.Before(c.expires))
}

// addAccounts takes the accounts and tokens of cfg.
func (h *host) addAccounts(cfg Config) {
	for _, token := range cfg.Tokens {
		h.addToken(h.newAccount(Account{}), token)
	}
	for _, a := range cfg.Accounts {
		acc := h.newAccount(a)
		for _, token := range a.Tokens {
			h.addToken(acc, token)
		}
	}
}

// newAccount makes the account that a describes.
func (h *host) newAccount(a Account) *account {
	if a.Login == "" {
		h.unnamed++
		a.Login = fmt.Sprintf("user-%d", h.unnamed)
	}
	if _, ok := h.accounts[a.Login]; ok {
		panic(fmt.Sprintf("fleettest: config: account %q is listed twice", a.Login))
	}
	acc := &account{
		login:        a.Login,
		id:           h.catalog.add(Owner{Login: a.Login}, kindUser).id,
		scopes:       a.Scopes,
		installation: a.Installation,
		sees:         nameSet(a.Owners),
		limits:       maps.Clone(a.Limits),
		budgets:      make(map[string]budget),
	}
	if acc.scopes == "" {
		acc.scopes = h.scopes
	}
	if a.Limit != 0 {
		if acc.limits == nil {
			acc.limits = make(map[string]int)
		}
		acc.limits[h.main] = a.Limit
	}
	h.accounts[a.Login] = acc
	return acc
}

// addToken gives acc a further token.
func (h *host) addToken(acc *account, token string) {
	key := digestOf(token)
	if token == "" {
		panic(fmt.Sprintf("fleettest: account %q: empty token", acc.login))
	}
	if _, ok := h.credentials[key]; ok {
		panic(fmt.Sprintf("fleettest: account %q: a token is listed twice", acc.login))
	}
	h.credentials[key] = &credential{account: acc, ordinal: len(h.credentials) + 1}
	for word := range words(token) {
		h.fragments[digestOf(word)] = true
	}
}
