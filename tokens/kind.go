package tokens

import "github.com/gitfleet/gitfleet/ratelimit"

// kind is what calls need of a budget beyond a read: the same budgets can serve all
// calls of one kind. The zero kind is that of reads, which every budget in a list can
// serve that bears them.
type kind struct {
	units, points int64
	creates       bool
	route         uint64
}

// drawKind returns the kind of a call, whatever is known of its route.
func drawKind(d *ratelimit.Draw) kind {
	k := kind{creates: d.Creates, route: d.Route}
	if d.Units > 1 {
		k.units = d.Units
	}
	if d.Points > 1 {
		k.points = d.Points
	}
	return k
}

// kindOf returns the kind of a call as things are: while no account rests for its
// route, it needs no more than others.
func (h *Host) kindOf(d *ratelimit.Draw) kind {
	if d.Units <= 1 && h.plain(*d) {
		return kind{}
	}
	k := kind{units: d.Units, points: d.Points, creates: d.Creates}
	if h.limits(d.Route) {
		k.route = d.Route
	}
	return k
}

// draw returns what a call of the kind draws.
func (k kind) draw() ratelimit.Draw {
	if k == (kind{}) {
		return oneRead
	}
	return ratelimit.Draw{Units: k.units, Points: k.points, Creates: k.creates, Route: k.route}
}

// apart returns the kind of a call, and whether there may be budgets in lists that
// cannot serve it: of GraphQL a read holds more than one unit, too.
func (l *lane) apart(d *ratelimit.Draw) (k kind, apart bool) {
	k = l.host.kindOf(d)
	return k, k != kind{} || d.Units > 0 && l.resource == "graphql"
}
