package fleettest

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
)

// etagOf is the answer's validator. It differs by account, because what an
// account sees does; GitHub says so with Vary: Authorization.
func etagOf(c *call, a *answer) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n%s\n", c.account.login, c.entry.URL, c.r.Header.Get("Accept"))
	sum.Write(a.body)
	return fmt.Sprintf(`W/"%x"`, sum.Sum(nil))
}

// matches reports whether an If-None-Match names the validator. The weak
// comparison of RFC 9110, section 8.8.3.2, ignores W/.
func matches(header, etag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == "*" || part == strings.TrimPrefix(etag, "W/") {
			return true
		}
	}
	return false
}

// revalidate gives a its validator, and makes it 304 if the client has it
// already. It is for hosts where a 304 costs as much as an answer.
func revalidate(c *call, a *answer) {
	if a.status != http.StatusOK || !read(c.r.Method) || c.skip {
		return
	}
	etag := etagOf(c, a)
	a.header.Set("Etag", etag)
	if header := c.r.Header.Get("If-None-Match"); header != "" && matches(header, etag) {
		a.status, a.body = http.StatusNotModified, nil
		a.header.Del("Content-Type")
	}
}
