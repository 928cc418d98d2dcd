package transport

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// deliver makes an answer ready for the caller: it keeps a client library that
// remembers limits from holding back calls that other tokens could serve (I14).
func (c *call) deliver(resp *http.Response, seen *ratelimit.Observation) *http.Response {
	if c.transport.RawHeaders {
		return resp
	}
	c.raiseLimit(resp, seen.Resource)
	if seen.Class == ratelimit.PrimaryLimit || seen.Class == ratelimit.SecondaryLimit {
		at, _ := c.host.ReadyFor(c.ask())
		markRefusal(resp, at)
		return resp
	}
	c.raiseRemaining(resp, seen)
	if c.draw.Units == 0 && resp.StatusCode == http.StatusOK && strings.HasSuffix(c.request.URL.Path, "/rate_limit") {
		c.rewriteRateLimit(resp)
	}
	return resp
}

// handBack returns the refusal that the call met and could not get past.
func (c *call) handBack(readyAt time.Time) *http.Response {
	resp := c.refusal.resp
	if c.transport.RawHeaders {
		return resp
	}
	c.raiseLimit(resp, "")
	if c.refusal.limit {
		markRefusal(resp, readyAt)
	}
	return resp
}

// markRefusal says in a refusal's header when the manager is ready. go-github
// stores no limits of an answer with X-From-Cache.
func markRefusal(resp *http.Response, readyAt time.Time) {
	h := resp.Header.Clone()
	resp.Header = h
	h.Set("X-From-Cache", "1")
	if readyAt.IsZero() {
		return
	}
	now := time.Now()
	if readyAt.Before(now) {
		readyAt = now
	}
	// Both are rounded up, so that nobody comes back too early by either.
	h.Set("Retry-After", strconv.FormatInt(ceilSeconds(readyAt.Sub(now)), 10))
	reset := strconv.FormatInt(readyAt.Add(time.Second-1).Unix(), 10)
	for _, key := range [...]string{"X-Ratelimit-Reset", "Ratelimit-Reset"} {
		if h[key] != nil {
			h.Set(key, reset)
		}
	}
}

func ceilSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// remainingKeys are the header fields that tell what is left.
var remainingKeys = [...]struct{ remaining, reset string }{
	{"X-Ratelimit-Remaining", "X-Ratelimit-Reset"},
	{"Ratelimit-Remaining", "Ratelimit-Reset"},
}

// raiseRemaining keeps a Remaining of 0 from the library above. It reads what
// go-github v66 would: one that is missing or garbled beside a Reset is 0.
func (c *call) raiseRemaining(resp *http.Response, seen *ratelimit.Observation) {
	for _, key := range remainingKeys {
		told := resp.Header[key.remaining]
		if told == nil && resp.Header[key.reset] == nil || positive(told) {
			continue
		}
		resource := seen.Resource
		if resource == "" {
			resource = c.draw.Resource
		}
		resp.Header = resp.Header.Clone()
		resp.Header.Set(key.remaining, strconv.FormatInt(c.left(resource), 10))
	}
}

// raiseLimit makes GitLab's RateLimit-Limit the sum of what the accounts have.
// go-gitlab paces all its calls by the first that it sees.
func (c *call) raiseLimit(resp *http.Response, resource string) {
	const key = "Ratelimit-Limit"
	if c.host.Dialect() != ratelimit.GitLab {
		return
	}
	told := resp.Header[key]
	if len(told) != 1 {
		return
	}
	if resource == "" {
		resource = c.draw.Resource
	}
	n, err := strconv.ParseInt(told[0], 10, 64)
	if sum := c.host.Limit(resource); err == nil && sum > n {
		resp.Header = resp.Header.Clone()
		resp.Header.Set(key, strconv.FormatInt(sum, 10))
	}
}

func positive(values []string) bool {
	if len(values) == 0 {
		return false
	}
	n, err := strconv.Atoi(values[0])
	return err == nil && n > 0
}

// left is what the manager still has of a resource, at least 1.
func (c *call) left(resource string) int64 { return max(1, c.host.Remaining(resource)) }

// rewriteRateLimit raises every remaining 0 in the body of GET /rate_limit,
// which go-github v66 remembers as well. A body of any other shape is left as it
// is.
func (c *call) rewriteRateLimit(resp *http.Response) {
	if resp.Header.Get("Content-Encoding") != "" {
		return
	}
	start := peek(resp)
	if len(start) == maxPeek {
		return
	}
	changed, ok := c.raiseResources(start)
	if !ok {
		return
	}
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(changed))
	resp.ContentLength = int64(len(changed))
	resp.Header = resp.Header.Clone()
	resp.Header.Set("Content-Length", strconv.Itoa(len(changed)))
}

func (c *call) raiseResources(body []byte) ([]byte, bool) {
	var doc map[string]json.RawMessage
	var resources map[string]map[string]json.RawMessage
	if json.Unmarshal(body, &doc) != nil || json.Unmarshal(doc["resources"], &resources) != nil {
		return nil, false
	}
	for name, r := range resources {
		c.raise(r, name)
	}
	// The old form of the answer repeats core under "rate".
	var rate map[string]json.RawMessage
	if json.Unmarshal(doc["rate"], &rate) == nil && rate != nil {
		c.raise(rate, "core")
		doc["rate"] = mustMarshal(rate)
	}
	doc["resources"] = mustMarshal(resources)
	return mustMarshal(doc), true
}

// raise does for one budget of the body what raiseRemaining does for the header.
func (c *call) raise(r map[string]json.RawMessage, resource string) {
	switch string(r["remaining"]) {
	case "0", "null", "":
		if r["reset"] == nil {
			return
		}
		r["remaining"] = json.RawMessage(strconv.FormatInt(c.left(resource), 10))
	}
}

// mustMarshal encodes what was decoded from JSON a moment ago.
func mustMarshal(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("gitfleet: re-encoding JSON: " + err.Error())
	}
	return b
}
