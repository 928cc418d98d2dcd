package transport

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// lookup is what one call has to do with a Cache.
type lookup struct {
	cache    *Cache
	host     *tokens.Host
	request  *http.Request
	log      func(error)
	resource digest
	holders  []holder    // of answers that the request may get
	prefer   []tokens.ID // theirs

	// Of the last attempt: whose answer its validator was for, nil if it had
	// none, and whether that validator was worked out.
	used       *entry
	recomputed string

	hit  bool // the answer is what was kept
	body keptBody
}

// keptBody is a body in memory.
type keptBody struct{ bytes.Reader }

// Close implements [io.Closer].
func (*keptBody) Close() error { return nil }

// lookUp returns who holds an answer to the request.
func (c *Cache) lookUp(t *Transport, host *tokens.Host, resource digest, req *http.Request) *lookup {
	l := &lookup{cache: c, host: host, request: req, log: t.logStore, resource: resource}
	l.holders = fitting(readHolders(c.get(req.Context(), l.log, resource), resource), req.Header)
	if len(l.holders) > 0 {
		l.prefer = make([]tokens.ID, len(l.holders))
		for i, h := range l.holders {
			l.prefer[i] = h.token
		}
	}
	return l
}

// condition puts the validator for what is kept on a copy of the request, which
// has the leased token.
func (l *lookup) condition(lease tokens.Lease, h http.Header) {
	l.used, l.recomputed = nil, ""
	if len(l.holders) == 0 {
		return
	}
	own := l.load(lease.ID())
	if own != nil {
		l.used = own
		if own.etag != "" {
			h["If-None-Match"] = []string{own.etag}
		} else {
			h["If-Modified-Since"] = []string{own.lastModified}
		}
	}
	if l.cache.Recompute && l.host.Dialect() == ratelimit.GitHub {
		l.recompute(own, h)
	}
}

// recompute puts the ETag that the token itself would have got on the request,
// besides that of its own entry if it has one.
func (l *lookup) recompute(own *entry, h http.Header) {
	e := own
	for i := 0; e == nil && i < len(l.holders); i++ {
		e = l.load(l.holders[i].token)
	}
	if e == nil || e.header.Get("Content-Encoding") != "" {
		return
	}
	etag := githubETag(h, e.body)
	switch {
	case own == nil:
		h["If-None-Match"] = []string{etag}
	case !sameTag(own.etag, etag): // its secret has changed, or GitHub's hash
		h["If-None-Match"] = []string{own.etag + ", " + etag}
	default:
		return
	}
	l.used, l.recomputed = e, etag
}

// sameTag compares two entity tags weakly (RFC 9110, section 8.8.3.2).
func sameTag(a, b string) bool { return strings.TrimPrefix(a, "W/") == strings.TrimPrefix(b, "W/") }

// load returns the kept answer for a token, nil if there is none.
func (l *lookup) load(id tokens.ID) *entry {
	for _, h := range l.holders {
		if h.token != id {
			continue
		}
		value := l.cache.get(l.request.Context(), l.log, h.key)
		if l.cache.Store != nil && !intact(value) { // what is in memory is
			continue
		}
		e := readEntry(value, h.key)
		if e != nil && e.token == id && (e.etag != "" || l.bySecond(e.header)) {
			return e
		}
	}
	return nil
}

// bySecond reports whether an answer without an ETag can be revalidated by its
// Last-Modified. What changed within a minute before may change again in the
// same second. GitHub answers 304 to such a request although something has
// changed (hub4j/github-api, issue 669; milo/github-api, pull request 24).
func (l *lookup) bySecond(h http.Header) bool {
	switch l.host.Dialect() {
	case ratelimit.GitHub, ratelimit.GitHubEnterprise:
		return false
	}
	modified, err := http.ParseTime(h.Get("Last-Modified"))
	if err != nil {
		return false
	}
	date, err := http.ParseTime(h.Get("Date"))
	return err == nil && date.Sub(modified) >= time.Minute
}

// answered makes of a 304 what is kept, and sees to it that a whole answer is
// kept when it has been read.
func (l *lookup) answered(lease tokens.Lease, resp *http.Response) *http.Response {
	switch {
	case resp.StatusCode == http.StatusNotModified && l.used != nil:
		return l.revalidated(resp)
	case resp.StatusCode != http.StatusOK:
	case l.used != nil:
		l.cache.counts.changed.Add(1)
		l.keep(lease, resp)
	default:
		l.cache.counts.misses.Add(1)
		l.keep(lease, resp)
	}
	return resp
}

// ofAnAccount are fields that tell of the token that was sent.
var ofAnAccount = [...]string{"Etag", "X-Oauth-Scopes", "X-Oauth-Client-Id", "Github-Authentication-Token-Expiration", "X-Github-Sso"}

// revalidated returns what is kept with the header of a 304 laid over it (RFC
// 9111, section 3.2).
func (l *lookup) revalidated(resp *http.Response) *http.Response {
	l.cache.counts.hits.Add(1)
	l.hit = true
	h := l.used.header
	if l.recomputed != "" && !sameTag(resp.Header.Get("Etag"), l.used.etag) {
		l.cache.counts.recomputed.Add(1)
		for _, key := range ofAnAccount {
			delete(h, key) // it may be another's
		}
		h["Etag"] = []string{l.recomputed}
	}
	for key, values := range resp.Header {
		if !describesBody(key) {
			h[key] = values
		}
	}
	own := []string{strconv.Itoa(len(l.used.body)), "1", "gitfleet; fwd=stale; fwd-status=304"}
	h["Content-Length"], h["X-From-Cache"] = own[:1:1], own[1:2:2]
	if status := h["Cache-Status"]; len(status) > 0 {
		own = slices.Concat(own[:2], status, own[2:])
	}
	h["Cache-Status"] = own[2:]
	if resp.Body != http.NoBody {
		discard(resp)
	}
	l.body.Reset(l.used.body)
	resp.Status, resp.StatusCode = "200 OK", http.StatusOK
	resp.Header, resp.ContentLength, resp.TransferEncoding, resp.Body = h, int64(len(l.used.body)), nil, &l.body
	return resp
}

// keep has the answer kept when its body has been read, if it may be.
func (l *lookup) keep(lease tokens.Lease, resp *http.Response) {
	most := l.cache.maxEntryBytes()
	if resp.ContentLength > most || !l.keepable(resp.Header) {
		return
	}
	names, ok := fieldNames(resp.Header["Vary"])
	if !ok {
		return
	}
	fields := fieldsOf(names, l.request.Header)
	who := holder{lease.ID(), names, fields, entryKey(l.resource, lease.ID(), fields)}
	room := int(max(0, resp.ContentLength))
	k := &keeping{
		body:  resp.Body,
		value: newEntry(who.key, who.token, connectionless(resp.Header), room),
		room:  most,
		left:  resp.ContentLength,
		whole: func(value []byte) {
			l.cache.put(context.WithoutCancel(l.request.Context()), l.log, l.resource, who, value)
		},
	}
	resp.Body = k
	if resp.ContentLength == 0 {
		k.finish()
	}
}

// keepable reports whether an answer of 200 may be kept.
func (l *lookup) keepable(h http.Header) bool {
	if directive(h["Cache-Control"], "no-store") || h["Content-Range"] != nil {
		return false
	}
	return sendable(h.Get("Etag")) != "" || h.Get("Etag") == "" && l.bySecond(h)
}

// connectionless returns the header without the fields that Connection names.
func connectionless(h http.Header) http.Header {
	names := h["Connection"]
	if len(names) == 0 {
		return h
	}
	h = h.Clone()
	for _, v := range names {
		for name := range strings.SplitSeq(v, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	return h
}
