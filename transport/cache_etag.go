package transport

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
)

// githubETag returns the ETag that GitHub gives a body when it is asked for with
// this header. GitHub does not document it: others have found out that it is the
// SHA-256 of the values of Accept, Authorization and Cookie, as far as they are
// sent, each with a colon behind it, and of the body before its compression
// (bored-engineer/github-conditional-http-transport, README, section "Reverse
// Engineering the GitHub ETag algorithm").
func githubETag(h http.Header, body []byte) string {
	sum := sha256.New()
	for _, key := range [...]string{"Accept", "Authorization", "Cookie"} {
		for _, v := range h[key] {
			sum.Write([]byte(v))
			sum.Write([]byte{':'})
		}
	}
	sum.Write(body)
	return `"` + hex.EncodeToString(sum.Sum(nil)) + `"`
}
