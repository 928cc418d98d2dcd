package tokens

import "github.com/gitfleet/gitfleet/ratelimit"

// mostCost is the part of a budget's limit that one call is taken to cost at
// most. Of 5,000 points that is 100, a query of 10,000 requests by GitHub's
// arithmetic (GitHub Docs, "Rate limits and query limits for the GraphQL API").
const mostCost = 50

// costs keeps what single calls of a budget have cost where that is not known
// beforehand. It is never less than what any call cost that was answered after
// the window's first: whatever a call took is in the drop between two of the
// least numbers seen. Calls that were answered out of order, and those of other
// programs, make it more than that, which is the safe side.
type costs struct {
	now, before int64 // the largest drop of this window and of the last one with any
}

func (c *costs) saw(drop int64) { c.now = max(c.now, drop) }

func (c *costs) rollOver() {
	if c.now > 0 {
		c.now, c.before = 0, c.now
	}
}

// estimate returns what the next call may cost, 0 if nothing is known.
func (c *costs) estimate() int64 { return max(c.now, c.before) }

// hold returns how many units a lease keeps from others until it is settled.
// GraphQL tells the cost of a query with its answer only, so what the dearest
// has cost is held for every one. While that is more than what is left, one
// call goes at a time, and so the budget is overdrawn by one call at most. A lost
// call stays charged with the units it drew and not with what was held, because
// a network that is down must not eat the budget of an hour.
func (b *budget) hold(d *ratelimit.Draw) int64 {
	limit, ok := b.limit.Get()
	if b.resource != "graphql" || d.Units == 0 || !ok || !b.remaining.IsKnown() {
		return d.Units
	}
	most := max(1, limit/mostCost)
	if seen := b.costs.estimate(); seen > 0 {
		most = min(most, seen)
	}
	return max(d.Units, most)
}

// bears reports whether the budget can bear one more call that draws d.
func (b *budget) bears(d *ratelimit.Draw) bool {
	held := b.hold(d)
	return held <= 1 || b.affords(held) || b.out == 0 && b.affords(d.Units)
}
