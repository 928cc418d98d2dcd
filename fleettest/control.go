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
// answers say when it expires.
func (h *host) Expire(token string, t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.credential("Expire", token).expires = t
}

// Spend takes n calls of a resource from the token's account, or as many as
// are left, as another program that uses the account would.
func (h *host) Spend(token, resource string, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.window(h.credential("Spend", token).account, resource).drain(time.Now(), n)
}

// SetRemaining leaves the token's account n calls of a resource in the window
// that is running, or in a new one if none is.
func (h *host) SetRemaining(token, resource string, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.window(h.credential("SetRemaining", token).account, resource).setRemaining(time.Now(), n)
}

// credential returns what is known of a token. h.mu must be held.
func (h *host) credential(method, token string) *credential {
	c, ok := h.credentials[digestOf(token)]
	if !ok {
		panic(fmt.Sprintf("fleettest: %s: no account of the simulated %s has this token", method, h.name))
	}
	return c
}
