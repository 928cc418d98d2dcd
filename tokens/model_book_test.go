package tokens

import (
	"slices"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// span is a time that is known up to a doubt: jitter, or a Date without fraction.
type span struct{ from, to time.Time }

func (s *span) raise(from, to time.Time) { s.from, s.to = later(s.from, from), later(s.to, to) }

// over reports whether a rest until s is over for certain, margin included, and
// whether it may be.
func (s span) over(now time.Time) (certain, possible bool) {
	return !now.Before(s.to.Add(resetMargin)), !now.Before(s.from.Add(resetMargin))
}

// book is what the manager was told of one budget, in the plainest form.
type book struct {
	told       int64 // the least number of the window
	known      bool  // that the manager has heard a number of it
	windowless bool  // told is the limit, of a budget that nothing had been drawn from
	ends       span  // of the window, by our clock
	vague      bool  // whether two resets were those of one window is not certain
	unsure     int64 // calls that were lost or had no numbers since a later lease was answered
	sunk       int64 // such calls that a snapshot has taken off for the rest of the window
	newest     uint64
	rest       span
}

const doubt = 2 * time.Second

// doubtful is how far apart the resets of two windows are for certain.
const doubtful = 2 * doubt

// observe merges what an answer to the lease seq told.
func (k *book) observe(o *ratelimit.Observation, ends time.Time, seq uint64) {
	left, ok := o.Remaining.Get()
	if !ok || o.Scope != ratelimit.TokenNumbers {
		return
	}
	now := time.Now()
	k.pass(now)
	if o.Limit.Or(-1) == left {
		if !k.known {
			k.told, k.known, k.windowless = left, true, true
		}
		return
	}
	believed := ends.After(now)
	switch {
	case ends.After(k.ends.to.Add(doubtful)):
		if !believed {
			return
		}
		k.told, k.ends, k.vague, k.sunk = left, span{ends, ends.Add(doubt)}, false, 0
		k.known, k.windowless = true, false
	case ends.After(k.ends.from.Add(-doubtful)):
		if d := ends.Sub(k.ends.from); d < -time.Second || d > time.Second {
			k.vague, believed = true, false
		}
		k.told = min(k.told, left)
		k.ends.raise(ends, ends.Add(doubt))
	default:
		return
	}
	if believed && seq > k.newest {
		k.unsure = 0
	}
}

// knows reports whether the manager may still know a number.
func (k *book) knows(now time.Time) bool {
	over, _ := k.ends.over(now)
	return k.known && (k.windowless || !over)
}

// pass lets a window end.
func (k *book) pass(now time.Time) {
	if k.known && !k.knows(now) {
		k.known, k.vague, k.sunk = false, false, 0
	}
}

// absorb takes over what was told of a budget that turned out to be the same.
func (k *book) absorb(o *book) {
	k.pass(time.Now())
	o.pass(time.Now())
	k.rest.raise(o.rest.from, o.rest.to)
	k.unsure += o.unsure
	k.sunk += o.sunk
	k.newest = max(k.newest, o.newest)
	switch {
	case !o.known:
	case !k.known, k.windowless && !o.windowless:
		k.told, k.known, k.windowless, k.ends = o.told, true, o.windowless, o.ends
	case o.windowless:
		k.told = min(k.told, o.told)
	case o.ends.from.After(k.ends.from.Add(doubtful)):
		k.told, k.ends = o.told, o.ends
	case o.ends.from.After(k.ends.from.Add(-doubtful)):
		k.told = min(k.told, o.told)
		k.ends.raise(o.ends.from, o.ends.to)
	}
	k.vague = true
}

// person is what the manager was told of one account besides its budgets.
type person struct {
	cool   span
	routes map[uint64]*span
	calls  []*openCall // that count against the pace
	wrote  time.Time
}

func (p *person) route(r uint64) *span {
	if p.routes[r] == nil {
		p.routes[r] = &span{}
	}
	return p.routes[r]
}

// held returns the points that calls hold which are under way or ended less than
// so long ago, of those that count together with a call on the resource.
func (p *person) held(now time.Time, resource string, within time.Duration, count func(ratelimit.Draw) int64) (sum int64) {
	for _, c := range p.calls {
		if c.returned || resource != "" && (c.draw.Resource == "graphql") != (resource == "graphql") {
			continue
		}
		if c.ended.IsZero() || now.Sub(c.ended) < within {
			sum += count(c.draw)
		}
	}
	return sum
}

// forget drops calls that count no more.
func (p *person) forget() {
	p.calls = slices.DeleteFunc(p.calls, func(c *openCall) bool {
		return c.returned || !c.ended.IsZero() && time.Since(c.ended) > 2*time.Hour
	})
}

// card is what the manager was told of one token.
type card struct {
	n        int // of its name
	user     *user
	owners   []string
	priority int
	floor    Floor
	expires  time.Time // as declared
	learned  time.Time // as the host said, by our clock
	state    State
	disabled bool
	rotated  uint64
	byHand   bool // it was removed by hand
}

// alive reports whether the token may be used.
func (c *card) alive(now time.Time) bool {
	return c.state != Invalid && !c.disabled && !c.expired(now)
}

func (c *card) expired(now time.Time) bool {
	return !c.expires.IsZero() && !now.Before(c.expires) || !c.learned.IsZero() && !now.Before(c.learned)
}

// names reports whether the token names the owner, or a group around it.
func (c *card) names(owner string) bool {
	return slices.ContainsFunc(c.owners, func(o string) bool {
		return strings.EqualFold(o, owner) || strings.HasPrefix(strings.ToLower(owner), strings.ToLower(o)+"/")
	})
}
