package transport

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// log writes one line about the call, unless nobody wants it.
func (c *call) log(level slog.Level, text string, attrs ...slog.Attr) {
	ctx, logger := c.request.Context(), c.transport.Logger
	if !logger.Enabled(ctx, level) {
		return
	}
	about := []slog.Attr{
		slog.String("host", c.host.URL()),
		slog.String("method", method(c.request)),
		slog.String("url", redactedURL(c.request.URL)),
	}
	logger.LogAttrs(ctx, level, "gitfleet: "+text, append(about, attrs...)...)
}

func (c *call) silent() bool { return c.transport.Logger == nil }

// tokenAttr names a token without showing it.
func tokenAttr(l tokens.Lease) slog.Attr {
	return slog.Group("token", slog.String("label", l.Label()), slog.String("id", string(l.ID())))
}

func (c *call) logSwap(r *repeat) {
	if c.silent() {
		return
	}
	c.log(slog.LevelInfo, "refused, going on with another token", r.attrs()...)
}

// logRepeat tells of refusals only; a failure is told of before the pause.
func (c *call) logRepeat(r *repeat) {
	if c.silent() || r.failed {
		return
	}
	c.log(slog.LevelInfo, "refused, sending it again with the same token", r.attrs()...)
}

func (r *repeat) attrs() []slog.Attr {
	return []slog.Attr{tokenAttr(r.lease), slog.Int("status", r.status), slog.String("reason", r.class.String())}
}

func (c *call) logWait(until time.Time) {
	if c.silent() {
		return
	}
	c.log(slog.LevelInfo, "waiting for a token", slog.String("resource", c.draw.Resource), slog.Time("until", until))
}

func (c *call) logRetry(l tokens.Lease, resp *http.Response, until time.Time) {
	if c.silent() {
		return
	}
	status := 0 // of a network error
	if resp != nil {
		status = resp.StatusCode
	}
	c.log(slog.LevelInfo, "failed, sending it again", tokenAttr(l), slog.Int("status", status), slog.Time("until", until))
}

// logUnretried tells of a resend that the retry budget did not allow.
func (c *call) logUnretried(l tokens.Lease) {
	if c.silent() {
		return
	}
	c.log(slog.LevelInfo, "failed, and the retry budget is used up", tokenAttr(l))
}

func (c *call) logBroken(until time.Time) {
	if c.silent() {
		return
	}
	c.log(slog.LevelWarn, "the host keeps failing, nothing is sent", slog.Time("until", until))
}

func (c *call) logMended() {
	if c.silent() {
		return
	}
	c.log(slog.LevelInfo, "the host answers again")
}

func (c *call) logAside(l tokens.Lease, state tokens.State) {
	if c.silent() || state != tokens.Invalid {
		return
	}
	c.log(slog.LevelWarn, "token put aside: the host does not accept it", tokenAttr(l))
}

// logReplaced tells once that callers bring credentials of their own.
func (c *call) logReplaced() {
	if c.silent() || !bringsCredential(c.request.Header) || atomic.SwapUint32(&c.transport.replaced, 1) != 0 {
		return
	}
	c.log(slog.LevelInfo, "the manager's token replaces the credential that the caller has set; this is told once")
}

// logStore tells that a Cache cannot read or write what it keeps.
func (t *Transport) logStore(err error) {
	if t.Logger != nil {
		t.Logger.LogAttrs(context.Background(), slog.LevelWarn, "gitfleet: the cache's store fails; this is told once", slog.String("error", err.Error()))
	}
}
