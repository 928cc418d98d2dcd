package transport

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gitfleet/gitfleet/tokens"
)

// digest is a SHA-256.
type digest [sha256.Size]byte

// String returns the digest as the key of a Store.
func (d digest) String() string {
	var text [2 * len(digest{})]byte
	hex.Encode(text[:], d[:])
	return string(text[:])
}

// digestOf hashes texts so that no two lists of them meet.
func digestOf(texts ...string) digest {
	var room [512]byte
	buf := room[:0]
	for _, t := range texts {
		buf = binary.AppendUvarint(buf, uint64(len(t)))
		buf = append(buf, t...)
	}
	return sha256.Sum256(buf)
}

// resourceKey names what a URL means at a host.
func resourceKey(h *tokens.Host, u *url.URL) digest {
	return digestOf("resource", string(h.Provider()), h.URL(), u.Scheme, strings.ToLower(u.Host), u.EscapedPath(), u.RawQuery)
}

// entryKey names an answer of a resource: that to a token, with these fields of
// the request.
func entryKey(resource digest, id tokens.ID, fields digest) digest {
	return digestOf("entry", string(resource[:]), string(id), string(fields[:]))
}

// fieldNames returns the names of the request's fields that select an answer,
// sorted and separated by commas. ok is false if no other request would ever be
// answered the same. Credentials are left out, because the token is part of the
// key; Accept and Accept-Encoding always count, since not every answer that
// depends on them says so.
func fieldNames(vary []string) (names string, ok bool) {
	all := []string{"Accept", "Accept-Encoding"}
	for _, v := range vary {
		for part := range strings.SplitSeq(v, ",") {
			name := http.CanonicalHeaderKey(strings.TrimSpace(part))
			switch {
			case name == "*":
				return "", false
			case name != "" && !isCredential(name):
				all = append(all, name)
			}
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ","), true
}

// fieldsOf hashes the fields of a request that have these names.
func fieldsOf(names string, h http.Header) digest {
	var room [24]string
	texts := append(room[:0], "fields")
	for name := range strings.SplitSeq(names, ",") {
		texts = append(texts, name)
		texts = append(texts, h[name]...)
		texts = append(texts, "")
	}
	return digestOf(texts...)
}

// isCredential reports whether a field of this name, in canonical form, carries
// a credential that a lease replaces.
func isCredential(name string) bool {
	return name == "Authorization" || name == "Private-Token" || name == "Job-Token"
}

// hasSecret reports whether a URL's query may hold a credential.
func hasSecret(u *url.URL) bool {
	if !strings.Contains(u.RawQuery, "token") && !strings.ContainsAny(u.RawQuery, "%;") && !strings.Contains(u.RawQuery, "secret") {
		return false // as nearly always
	}
	q, err := url.ParseQuery(u.RawQuery)
	return err != nil || hide(q)
}
