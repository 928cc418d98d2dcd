package fleettest

import (
	"fmt"
	"time"
)

// AddToken lets the account login have a further token, from now on. An
// account that does not exist yet is made.
func (h *host) AddToken(login, token string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	acc, ok := h.accounts[login]
	if !ok {
		acc = h.newAccount(Account{Login: login})
	}
	h.addToken(acc, token)
}

// Revoke makes the host refuse the token with 401.
func (h *host) Revoke(token string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.credential("Revoke", token).revoked = true
}

// Restore ends what Revoke or Expire did.
func (h *host) Restore(token string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.credential("Restore", token)
	c.revoked, c.expires = false, time.Time{}
}

// Expire makes the host refuse the token with 401 from t on. Until then
// GitHub's answers say when it expires, and GitLab says so when it is asked for
// the token itself. Bitbucket does not say.
func (h *host) Expire(token string, t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.credential("Expire", token).expires = t
}

// Spend takes n calls of a resource from the token's account, or as many as
// are left, as another program that uses the account would. The resource ""
// is the one that [Config.Limit] is about.
func (h *host) Spend(token, resource string, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.controlled("Spend", token, resource).drain(time.Now(), n)
}

// SetRemaining leaves the token's account n calls of a resource in the window
// that is running, or in a new one if none is. Where a window rolls, as at
// Bitbucket, all that was spent counts as spent now.
func (h *host) SetRemaining(token, resource string, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.controlled("SetRemaining", token, resource).setRemaining(time.Now(), n)
}

// controlled returns the budget that a test means. h.mu must be held.
func (h *host) controlled(method, token, resource string) budget {
	c := h.credential(method, token)
	if resource != "" && h.has != nil && !h.has(resource) {
		panic(fmt.Sprintf("fleettest: %s: the simulated %s has no resource %q", method, h.name, resource))
	}
	return h.budget(c.account, resource)
}

// credential returns what is known of a token. h.mu must be held.
func (h *host) credential(method, token string) *credential {
	c, ok := h.credentials[digestOf(token)]
	if !ok {
		panic(fmt.Sprintf("fleettest: %s: no account of the simulated %s has this token", method, h.name))
	}
	return c
}
