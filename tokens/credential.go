package tokens

import (
	"encoding/base64"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"strings"
)

// credential is a header field made once per token. It prints as the token's
// label (invariant I1).
type credential struct {
	label string
	key   string
	value *hidden[[]string] // nil of an opaque token
}

// Format implements [fmt.Formatter].
func (c credential) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.label) }

func newCredential(t Token) credential {
	key, value := "Authorization", ""
	switch t.Scheme {
	case PrivateToken:
		key, value = "Private-Token", t.Secret.Reveal()
	case Opaque:
		return credential{label: t.Label}
	case JobToken:
		key, value = "Job-Token", t.Secret.Reveal()
	case Basic:
		value = "Basic " + base64.StdEncoding.EncodeToString([]byte(t.User+":"+t.Secret.Reveal()))
	default:
		value = "Bearer " + t.Secret.Reveal()
	}
	return credential{label: t.Label, key: key, value: hide([]string{value})}
}

// put writes the credential into h in place of whatever credential is there.
func (c credential) put(h http.Header) {
	StripCredentials(h)
	if c.value == nil {
		return // the manager has no secret of it
	}
	v := c.value.reveal()
	h[c.key] = v[:len(v):len(v)]
}

// into returns a copy of h with the credential in place of whatever credential
// is there, in one go. The lists of values are shared, without room at their
// ends: what is set or added in the copy does not show in h.
func (c credential) into(h http.Header) http.Header {
	copied := maps.Clone(h)
	if copied == nil {
		copied = http.Header{}
	}
	for key, values := range h {
		switch {
		case carriesCredential(key):
			delete(copied, key)
		case len(values) < cap(values):
			copied[key] = values[:len(values):len(values)]
		}
	}
	if c.value == nil {
		return copied
	}
	v := c.value.reveal()
	copied[c.key] = v[:len(v):len(v)]
	return copied
}

// carriesCredential reports whether a header field of this name carries a
// credential to a Git host. Fields are sent as they are spelt in the map, and a
// host reads "authorization" like "Authorization", so the case is ignored.
func carriesCredential(key string) bool {
	switch len(key) {
	case len("Authorization"): // as long as Private-Token
		return strings.EqualFold(key, "Authorization") || strings.EqualFold(key, "Private-Token")
	case len("Job-Token"):
		return strings.EqualFold(key, "Job-Token")
	}
	return false
}

// StripCredentials removes every header field from h that carries a credential
// to a Git host, however its name is spelt: Authorization, PRIVATE-TOKEN and
// JOB-TOKEN.
func StripCredentials(h http.Header) {
	for key := range h {
		if carriesCredential(key) {
			delete(h, key)
		}
	}
}

// secretsIn yields the secrets that h carries as credentials.
func secretsIn(h http.Header) iter.Seq[string] {
	return func(yield func(secret string) bool) {
		for key, values := range h {
			if !carriesCredential(key) {
				continue
			}
			for _, v := range values {
				if !yield(bareSecret(v)) {
					return
				}
			}
		}
	}
}

// bareSecret returns the secret in a header value such as "Bearer x",
// "token x", "Basic dXNlcjp4" or plain "x".
func bareSecret(value string) string {
	scheme, rest, ok := strings.Cut(strings.TrimSpace(value), " ")
	if !ok {
		return scheme
	}
	rest = strings.TrimSpace(rest)
	if !strings.EqualFold(scheme, "Basic") {
		return rest
	}
	plain, err := base64.StdEncoding.DecodeString(rest)
	if err != nil {
		return rest
	}
	_, secret, _ := strings.Cut(string(plain), ":")
	return secret
}
