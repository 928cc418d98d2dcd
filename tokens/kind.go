package tokens

import "github.com/gitfleet/gitfleet/ratelimit"

// kind is what calls need of a budget beyond a read: the same budgets can serve all
// calls of one kind. The zero kind is that of reads.
type kind struct {
	units, points int64
	creates       bool
	route         uint64
}

// drawKind returns the kind of a call.
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
