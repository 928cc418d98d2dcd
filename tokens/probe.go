package tokens

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// probeTimeout bounds the probe that confirms a 401.
const probeTimeout = 10 * time.Second

// Confirm asks the host whether the leased token, which a 401 has made suspect,
// is dead, and returns its state: [Invalid] only if the host refuses it again
// where every live token is welcome. It sends at most one small request,
// through the manager's [Config].Base or else through via, takes 10 s at most,
// and sends none if the token is not suspect or is being asked about already.
func (l Lease) Confirm(ctx context.Context, via http.RoundTripper) State {
	if l.host == nil {
		return Unknown
	}
	h, e := l.host, l.entry
	if probe, ok := h.beginProbe(e); ok {
		h.confirm(ctx, e, probe, h.manager.config.base(via))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return e.state
}

// beginProbe puts a suspect token aside and leases the probe from its account,
// whether or not that has anything left: the host counts the probe like any
// other call.
func (h *Host) beginProbe(e *entry) (Lease, bool) {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.state != Suspect || e.probing || h.isService() {
		return Lease{}, false
	}
	e.probing = true
	e.restate()
	e.account.relist(now)
	d := h.dialect.Draw(ratelimit.Request{Method: http.MethodGet, URL: e.probe.Load()})
	return h.grantOwn(e.account.budget(h.lane(d.Resource, now), now), e, &d, now), true
}

// confirm sends the probe and books its answer, if there is one.
func (h *Host) confirm(ctx context.Context, e *entry, probe Lease, base http.RoundTripper) {
	var o *ratelimit.Observation
	defer func() { h.endProbe(e, probe, o) }() // also when base panics
	if seen, _, err := h.probe(ctx, e, e.probe.Load(), base); err == nil {
		o = &seen
	}
}

func (h *Host) endProbe(e *entry, probe Lease, o *ratelimit.Observation) {
	if o == nil {
		probe.Lost()
	} else {
		probe.Settle(*o)
	}
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	e.probing = false
	if o != nil && o.Validity == ratelimit.Valid {
		e.minter.trust()
	}
	if o != nil && o.Class == ratelimit.Unauthorized && o.Validity == ratelimit.Invalid {
		e.state, e.reason = Invalid, o.Message
		if e.reason == "" {
			e.reason = "the host answered 401 twice"
		}
	}
	e.changed(now)
}

// probe sends one request with e's token to an address of the host's own API and
// returns what its answer says, and the answer's body.
func (h *Host) probe(ctx context.Context, e *entry, u *url.URL, base http.RoundTripper) (ratelimit.Observation, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	header := http.Header{}
	if err := e.authorize(ctx, func(c credential) { c.put(header) }); err != nil {
		return ratelimit.Observation{}, nil, err
	}
	r, err := h.exchange(ctx, base, ratelimit.Request{Method: http.MethodGet, URL: u}, header)
	return r.seen, r.body, err
}
