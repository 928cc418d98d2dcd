package tokens

import (
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// pacer keeps an account within what its host documents besides budgets: points
// a minute, creations, a gap between writes. Whoever has points left may use
// them at once, since hosts count over a sliding minute. Windows are made when
// they are first needed.
type pacer struct {
	rest, graphQL points
	minute, hour  *ratelimit.Sliding // creations
	lastWrite     time.Time
}

// points is a window of points. While it is full every budget that counts
// against it is in no list.
type points struct {
	window *ratelimit.Sliding
	full   bool
}

// points returns what calls on a resource count against, and the limit; 0 is
// none.
func (a *account) points(resource string) (*points, int64) {
	if resource == "graphql" {
		return &a.pace.graphQL, a.host.pace.GraphQLPointsPerMinute
	}
	return &a.pace.rest, a.host.pace.PointsPerMinute
}

// roomAt returns when there is room for a read: now, a later time, or the zero
// time if that depends on calls that are under way.
func (a *account) roomAt(resource string, now time.Time) time.Time {
	p, limit := a.points(resource)
	if !p.full {
		return now
	}
	at, ok := p.window.ReadyAt(1, limit, now)
	p.full = !ok || at.After(now)
	return at
}

// paced returns when the pace, and limits on routes, let the account make a call
// that draws d on a resource: now, a later time, or the zero time if that depends on calls that
// are under way.
func (a *account) paced(d ratelimit.Draw, resource string, now time.Time) time.Time {
	pace := &a.host.pace
	p, limit := a.points(resource)
	at := readyAt(p.window, now, max(1, d.Points), limit, now)
	if d.Creates {
		at = readyAt(a.pace.minute, at, 1, pace.CreationsPerMinute, now)
		at = readyAt(a.pace.hour, at, 1, pace.CreationsPerHour, now)
	}
	if d.Route != 0 && !at.IsZero() {
		at = later(at, a.routeReadyAt(d.Route, now))
	}
	if d.Writes() && !at.IsZero() && !a.pace.lastWrite.IsZero() {
		at = later(at, a.pace.lastWrite.Add(pace.WriteGap))
	}
	return at
}

// readyAt returns the later of at and when s has room, or the zero time if
// either depends on calls that are under way.
func readyAt(s *ratelimit.Sliding, at time.Time, points, limit int64, now time.Time) time.Time {
	if s == nil || at.IsZero() {
		return at
	}
	t, ok := s.ReadyAt(points, max(limit, points), now)
	if !ok {
		return time.Time{}
	}
	return later(at, t)
}

// plain reports whether a call can be made by every account that can make a read:
// it needs no more of the pace, and no limit on a route can be in its way.
func (h *Host) plain(d ratelimit.Draw) bool {
	return d.Points <= 1 && !d.Creates && !h.limits(d.Route)
}

// takePace books a call that is about to be sent, and takes the account's
// budgets out of the lists if it was the last that there was room for.
func (a *account) takePace(d *ratelimit.Draw, resource string, now time.Time) {
	a.rate(now)
	a.underWay += d.Points
	if !a.host.paced {
		return
	}
	if d.Writes() {
		a.pace.lastWrite = now
	}
	if d.Creates {
		pace := &a.host.pace
		take(&a.pace.minute, 1, pace.CreationsPerMinute, time.Minute)
		take(&a.pace.hour, 1, pace.CreationsPerHour, time.Hour)
	}
	p, limit := a.points(resource)
	take(&p.window, d.Points, limit, a.host.span)
	if p.window != nil && (p.full || !p.window.Room(1, limit, now)) {
		p.full = true // free calls are made all the same, and make it last longer
		a.relist(now)
		return
	}
	most := a.host.mostPoints
	if a.spots > 0 && (d.Creates || p.window != nil && !p.window.Room(most, max(limit, most), now)) {
		a.recall(now) // when there is room for others may depend on this call now
	}
}

// take holds points in a window, which it makes if need be.
func take(s **ratelimit.Sliding, points, limit int64, span time.Duration) {
	if limit == 0 || points == 0 {
		return
	}
	if *s == nil {
		*s = &ratelimit.Sliding{Span: span}
	}
	(*s).Take(points)
}

// endPace books the end of a call. One that was sent counts from now on for as
// long as its window lasts, answered or not.
func (a *account) endPace(d *ratelimit.Draw, resource string, sent bool, now time.Time) {
	a.rate(now)
	a.underWay -= d.Points
	p, _ := a.points(resource)
	end(p.window, d.Points, sent, now)
	if d.Creates {
		end(a.pace.minute, 1, sent, now)
		end(a.pace.hour, 1, sent, now)
	}
	if p.full {
		a.relist(now) // it may be known now when there will be room
	}
}

func end(s *ratelimit.Sliding, points int64, sent bool, now time.Time) {
	switch {
	case s == nil || points == 0:
	case sent:
		s.Answered(points, now)
	default:
		s.Return(points)
	}
}
