package transport

import (
	"context"
	"net/http"
	"net/textproto"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gitfleet/gitfleet/tokens"
)

// Defaults of a [Cache].
const (
	DefaultCacheBytes      = 64 << 20 // of [Cache.MaxBytes]: 64 MiB
	DefaultCacheEntries    = 10_000   // of [Cache.MaxEntries]
	DefaultCacheEntryBytes = 1 << 20  // of [Cache.MaxEntryBytes]: 1 MiB
)

// Cache keeps answers to GET requests, and asks the host each time whether they
// still hold. It never answers without asking. GitHub answers 304 then, which
// does not count against the primary rate limit ("Best practices for using the
// REST API", section "Use conditional requests if appropriate"); at hosts that
// charge for a 304, such as GitLab, it saves the transfer of the body only.
//
// An answer is kept for the token that it was given to, because GitHub's
// validators differ by token (Vary: Authorization), and because another token
// may see less. A request goes out with a token that holds the answer to it if
// that can serve at once (see [tokens.Request.Prefer]), else with any other, and
// then without a validator of the first: no answer is ever handed to a token
// that the host has not given the same one, or confirmed it to.
//
// Kept are whole answers of status 200 with an ETag or, at hosts other than
// GitHub, a Last-Modified a minute or more in the past, unless the request or
// the answer says no-store, or Vary is *. The fields that Vary names belong to
// the entry. Requests with validators or a Range of their own pass untouched, and
// so does /rate_limit. An answer is kept when its body has been read to the end;
// one that the caller abandons is not. What a request changes that is not GET,
// HEAD, OPTIONS or TRACE is forgotten: the answers for its URL, Location and
// Content-Location.
//
// Where a 304 comes, the caller gets status 200, the kept body, and the kept
// header with that of the 304 laid over it, so that its rate limits, Date and Link are of
// now; X-From-Cache is 1, and Cache-Status (RFC 9211) tells of it. Hooks.Answer
// tells of the 304, Hooks.Done of the 200.
//
// Equal requests that are under way at the same time become one, see
// [CacheStats.Collapsed]: equal in URL, header fields other than credentials,
// owner, fixed token, walk and bounds. Each caller gets a body of its own and may leave by its
// own context; when the last has left the request ends. A body that is longer
// than MaxEntryBytes goes to the first caller as it comes, and the others ask by
// themselves, as they do after an error, together at first and each alone after
// two. A panic below is the first caller's; if he has left it ends the program.
// Values of the first caller's context reach Hooks and Base; Hooks.Done is told for each caller, with Number 0 where
// nothing was sent.
//
// Neither keys nor entries hold a credential; entries hold what the host
// answered, which may be private. The zero Cache is ready to use and keeps its
// entries in memory. A Cache is safe for concurrent use, also by several
// Transports; it must not be copied, nor its fields changed, after its first use.
type Cache struct {
	// Store keeps the entries. Defaults to memory of this Cache's own.
	Store Store

	// MaxBytes and MaxEntries bound what is kept in memory, keys and what stands
	// around the entries included; those used the longest time ago go first. They
	// do not hold for another Store. They default to [DefaultCacheBytes] and
	// [DefaultCacheEntries].
	MaxBytes   int64
	MaxEntries int

	// MaxEntryBytes is the longest body that is kept. Defaults to
	// [DefaultCacheEntryBytes].
	MaxEntryBytes int64

	// Recompute revalidates at github.com and ghe.com with other tokens, too, by
	// the ETag that GitHub would have given them for the kept body: a hash of the
	// request's Accept, Authorization and Cookie and the body. GitHub does not
	// document that and may change it; a wrong guess costs what the request would
	// have cost anyway. A 304 to it proves that the token sees the very same
	// body. It is for tokens that change often, such as those of an App's
	// installations, and where many share the work. Each request then costs a
	// SHA-256 of the body. Defaults to false.
	Recompute bool

	memory memoryStore
	counts cacheCounts
	writes atomic.Uint64  // requests that may have changed something
	slots  [64]sync.Mutex // of resources, while who holds them is written

	mu      sync.Mutex         // guards flights and all that hangs on it
	flights map[digest]*flight // that others may join, by resource
}

// Store keeps values by key for a [Cache]. Keys are 64 hexadecimal digits; values
// are opaque, and may hold private answers of a host. A value may disappear at
// any time; one that comes back damaged, or under another key, is taken for none.
// An error is logged once, counted, and otherwise treated as nothing being there.
//
// A Store must be safe for concurrent use.
type Store interface {
	// Get returns the value of a key, nil if there is none. The Cache does not
	// change it.
	Get(ctx context.Context, key string) ([]byte, error)

	// Set keeps a value, which neither side changes afterwards.
	Set(ctx context.Context, key string, value []byte) error

	// Delete forgets a key. One that is not there is no error.
	Delete(ctx context.Context, key string) error
}

// roundTrip answers a request for a token's host.
func (c *Cache) roundTrip(t *Transport, host *tokens.Host, req *http.Request) (*http.Response, error) {
	if cacheable(req) {
		return c.share(t, host, req)
	}
	resp, err := t.carry(host, req, nil)
	if changes(req.Method) {
		c.writes.Add(1)
		if err == nil && resp.StatusCode/100 <= 3 {
			c.forgetAfter(t, host, req, resp)
		}
	}
	return resp, err
}

// store returns where the entries are.
func (c *Cache) store() Store {
	if c.Store != nil {
		return c.Store
	}
	c.memory.bound(c.MaxBytes, c.MaxEntries)
	return &c.memory
}

func (c *Cache) maxEntryBytes() int64 {
	if c.MaxEntryBytes == 0 {
		return DefaultCacheEntryBytes
	}
	return c.MaxEntryBytes
}

// cacheable reports whether a request may be answered with what is kept.
func cacheable(req *http.Request) bool {
	if method(req) != http.MethodGet || req.Body != nil && req.Body != http.NoBody {
		return false
	}
	u := req.URL
	if u.User != nil || strings.HasSuffix(u.Path, "/rate_limit") || hasSecret(u) {
		return false
	}
	for key, values := range req.Header {
		switch textproto.CanonicalMIMEHeaderKey(key) {
		case "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "If-Range", "Range", "Upgrade":
			return false
		case "Cache-Control":
			if directive(values, "no-store") {
				return false
			}
		}
	}
	return true
}

// changes reports whether a request of this method may change something (RFC
// 9110, section 9.2.1).
func changes(method string) bool {
	switch method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return false
	}
	return true
}

// directive reports whether a Cache-Control field has the directive, with or
// without an argument.
func directive(values []string, name string) bool {
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			word, _, _ := strings.Cut(strings.TrimSpace(part), "=")
			if strings.EqualFold(strings.TrimSpace(word), name) {
				return true
			}
		}
	}
	return false
}
