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

// kindOf returns the kind of a call.
func (h *Host) kindOf(d *ratelimit.Draw) kind {
	if d.Units <= 1 && h.plain(*d) {
		return kind{}
	}
	return kind{units: d.Units, points: d.Points, creates: d.Creates, route: d.Route}
}
