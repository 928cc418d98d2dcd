package tokens

import (
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// routeRest is a limit on one route of an account, as GitLab's application
// limits are: the account's other calls go on.
type routeRest struct {
	until    time.Time
	refusals int    // in a row
	seq      uint64 // the newest lease when the last of them was met
}

// restRoute books a refusal of the lease seq for a limit on its route. Such a
// limit may last a day, so that nothing else of the account may rest for it.
func (a *account) restRoute(route, seq uint64, o *ratelimit.Observation, now time.Time) {
	if route == 0 {
		a.cooled(seq, o, now) // the request was not one that has routes
		return
	}
	if a.routes == nil {
		a.routes = map[uint64]*routeRest{}
	}
	r := a.routes[route]
	if r == nil {
		r = &routeRest{}
		a.routes[route] = r
		a.host.countRoute(route, 1)
	}
	if seq > r.seq { // not one more of the same burst
		r.refusals++
	}
	r.seq = a.host.seq
	wait, ok := o.RetryAfter.Get()
	if !ok {
		wait = ratelimit.SecondaryBackoff().Delay(r.refusals-1, a.host.random())
	}
	r.until = later(r.until, now.Add(wait))
}

// routeServed ends the count of refusals of a route whose call was served.
func (a *account) routeServed(route, seq uint64) {
	if r := a.routes[route]; r != nil && seq > r.seq {
		delete(a.routes, route)
		a.host.countRoute(route, -1)
	}
}

// limits reports whether an account may be in the way of a limit on the route.
func (h *Host) limits(route uint64) bool {
	return route != 0 && len(h.routes) > 0 && h.routes[route] > 0
}

func (h *Host) countRoute(route uint64, by int) {
	if h.routes == nil {
		h.routes = map[uint64]int{}
	}
	if h.routes[route] += by; h.routes[route] == 0 {
		delete(h.routes, route)
	}
}

// routeReadyAt returns when the account may make a call on a route, now or later.
func (a *account) routeReadyAt(route uint64, now time.Time) time.Time {
	if r := a.routes[route]; r != nil {
		return later(now, restOver(r.until, now))
	}
	return now
}
