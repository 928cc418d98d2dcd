package tokens

import (
	"container/heap"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// roster keeps apart which members of a crowd can serve calls of one kind, so that a
// call need not look at all who cannot: those who have just written, those who rest
// for a route.
//
// It is in doubt for a member. One is called able until a search comes upon it and
// finds that it is not, and stands no better than it is said to; a member that is not
// able is looked at again when its time has come, and whenever something of its
// account has changed. So the calls that use a budget need not keep it up to date, and
// each look at one who is not able is paid for by what made it so. The able are in a
// heap, which the roster implements as a [heap.Interface].
//
// All are on it whom a call of the kind can hope for, those too whose budgets are in no
// list: when somebody can serve is told by the roster alone. The dates of those who rest
// may be too early, since whoever asks looks at the budget itself, and never too late.
type roster struct {
	lane    *lane
	kind    kind
	draw    ratelimit.Draw // of a call of the kind
	next    uint64         // the number of the first member that has no spot yet
	made    bool           // all members have a spot
	dropped bool           // nobody asks for it any more
	asked   uint64         // the last search that did
	able    []*spot
	blocked []*spot       // those who have to wait for the end of a call
	resting agenda[*spot] // the others, by when time alone may make them able
}

// spot is a member's place on a roster.
type spot struct {
	member   *member
	roster   *roster
	where    where
	hanging  bool        // it is among those that its account counts
	index    int         // among the able or the blocked
	standing standing    // no worse than the member's, while it is among the able
	frees    date[*spot] // while it rests
}

// where is the part of a roster that a spot is in.
type where uint8

const (
	nowhere where = iota // no token of it can be used
	isAble
	isBlocked
	isResting
)

// add gives a member of the crowd a spot. It is put where it belongs when the budget is
// placed.
func (ro *roster) add(m *member, p *spot) {
	p.member, p.roster, p.frees.of = m, ro, p
	m.spots = append(m.spots, p)
	m.budget.spots++
	m.budget.account.spots++
}

// remove takes the spot off its roster for ever.
func (p *spot) remove() {
	p.hang(false)
	if !p.roster.dropped {
		p.move(nowhere)
	}
	p.member.budget.spots--
	p.member.budget.account.spots--
}

// place puts the spot where it belongs now, but for a rest of the host.
func (p *spot) place(now time.Time) {
	b, ro := p.member.budget, p.roster
	switch {
	case p.member.listed() && b.able(&ro.draw, now):
		p.restand()
	case !p.member.hopeful():
		p.move(nowhere)
	default:
		if at, _ := b.freeAt(&ro.draw, nil, now); at.After(now) {
			p.move(isResting)
			ro.resting.set(&p.frees, at)
		} else {
			p.move(isBlocked)
		}
	}
	p.hang(p.hangs())
}

// restand puts the spot among the able, by how its member stands now.
func (p *spot) restand() {
	stands := p.member.standing()
	if p.where == isAble {
		if p.standing != stands {
			p.standing = stands
			heap.Fix(p.roster, p.index)
		}
		return
	}
	p.standing = stands
	p.move(isAble)
}

// doubtful reports whether the spot is not what it was put among the able for.
func (p *spot) doubtful(now time.Time) bool {
	return !p.member.listed() || p.standing != p.member.standing() || !p.member.budget.able(&p.roster.draw, now)
}

func (p *spot) move(to where) {
	ro := p.roster
	if p.where == to {
		return
	}
	switch p.where {
	case isAble:
		heap.Remove(ro, p.index)
	case isBlocked:
		last := ro.blocked[len(ro.blocked)-1]
		ro.blocked[p.index], last.index = last, p.index
		ro.blocked[len(ro.blocked)-1] = nil
		ro.blocked = ro.blocked[:len(ro.blocked)-1]
	case isResting:
		ro.resting.set(&p.frees, time.Time{})
	}
	p.where = to
	switch to {
	case isAble:
		heap.Push(ro, p)
	case isBlocked:
		p.index = len(ro.blocked)
		ro.blocked = append(ro.blocked, p)
	}
}

// hangs reports whether the end of a call may let the spot serve, or serve earlier,
// without the budget being placed. A budget in no list is placed by the end of its own
// calls; those of the account's other budgets bear on it when they end the rest of a
// route. What rests for the pace alone stays as it is unless the call was not sent.
func (p *spot) hangs() bool {
	d, b := &p.roster.draw, p.member.budget
	switch p.where {
	case isBlocked:
		return b.level >= 0
	case isResting:
		return d.Route != 0 || b.level >= 0 && (d.Units > 1 || b.resource == "graphql")
	}
	return false
}

// hang has the account count the spot, or not, among those that hang.
func (p *spot) hang(hangs bool) {
	if p.hanging == hangs {
		return
	}
	if p.hanging = hangs; hangs {
		p.member.budget.account.hanging++
	} else {
		p.member.budget.account.hanging--
	}
}

// wake looks at those whose time has come, so many of them at most, and reports
// whether that is all.
func (ro *roster) wake(now time.Time, most int) bool {
	for ; ro.resting.due(now); most-- {
		if most == 0 {
			return false
		}
		ro.resting.dates[0].of.place(now)
	}
	return true
}

// Len implements [heap.Interface].
func (ro *roster) Len() int { return len(ro.able) }

// Less implements [heap.Interface].
func (ro *roster) Less(i, j int) bool { return ro.able[i].standing.before(ro.able[j].standing) }

// Swap implements [heap.Interface].
func (ro *roster) Swap(i, j int) {
	ro.able[i], ro.able[j] = ro.able[j], ro.able[i]
	ro.able[i].index, ro.able[j].index = i, j
}

// Push implements [heap.Interface].
func (ro *roster) Push(x any) {
	p := x.(*spot)
	p.index = len(ro.able)
	ro.able = append(ro.able, p)
}

// Pop implements [heap.Interface].
func (ro *roster) Pop() any {
	last := len(ro.able) - 1
	p := ro.able[last]
	ro.able[last] = nil
	ro.able = ro.able[:last]
	return p
}
