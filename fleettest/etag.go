package fleettest

import (
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// githubETag is GitHub's validator: a hash of what was asked with, the credential
// included, and of the body. GitHub does not document it; this is what others
// have found out by trying (bored-engineer/github-conditional-http-transport,
// README, section "Reverse Engineering the GitHub ETag algorithm"). So it differs
// by token, also among those of one account, and says nothing of Link.
func githubETag(c *call, a *answer) string {
	sum := sha256.New()
	for _, key := range [...]string{"Accept", "Authorization", "Cookie"} {
		for _, v := range c.r.Header[key] {
			io.WriteString(sum, v+":")
		}
	}
	sum.Write(a.body)
	return fmt.Sprintf(`W/"%x"`, sum.Sum(nil)) // weak, as of answers that were compressed
}

// bodyETag is the validator of hosts that hash the body alone, as GitLab does:
// whoever sees the same has the same.
func bodyETag(a *answer) string { return fmt.Sprintf(`W/"%x"`, md5.Sum(a.body)) }

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
	etag := bodyETag(a)
	a.header.Set("Etag", etag)
	if header := c.r.Header.Get("If-None-Match"); header != "" && matches(header, etag) {
		a.status, a.body = http.StatusNotModified, nil
		a.header.Del("Content-Type")
	}
}
