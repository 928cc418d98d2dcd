package tokens

import (
	"iter"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// leasePage is how many slots are made at once.
const leasePage = 64

// leaseTable holds the leases that are out. A slot is used again under another
// generation, so that a lease that is settled twice is noticed. Slots stay where
// they are: to move those of thousands of calls, whenever there are more than ever,
// would keep the host's lock for longer than all else.
type leaseTable struct {
	pages []*[leasePage]leaseSlot
	made  uint32 // slots that were ever out
	free  uint32 // the slot that was released last, counted from 1; 0 if there is none
}

type leaseSlot struct {
	budget *budget
	draw   ratelimit.Draw
	held   int64 // units kept from others
	seq    uint64
	gen    uint32
	free   uint32 // the slot that was released before this one, as in leaseTable
	sent   time.Time
}

func (t *leaseTable) slot(i uint32) *leaseSlot { return &t.pages[i/leasePage][i%leasePage] }

// out yields the slots of the leases that are out.
func (t *leaseTable) out() iter.Seq[*leaseSlot] {
	return func(yield func(*leaseSlot) bool) {
		for i := range t.made {
			if s := t.slot(i); s.budget != nil && !yield(s) {
				return
			}
		}
	}
}

func (t *leaseTable) add(b *budget, d *ratelimit.Draw, held int64, seq uint64, now time.Time) (i, gen uint32) {
	switch {
	case t.free > 0:
		i = t.free - 1
		t.free = t.slot(i).free
	case t.made%leasePage == 0:
		t.pages = append(t.pages, new([leasePage]leaseSlot))
		fallthrough
	default:
		i = t.made
		t.made++
	}
	s := t.slot(i)
	s.budget, s.draw, s.held, s.seq, s.sent = b, *d, held, seq, now
	return i, s.gen
}

// end returns the slot of l, with the budget that has its units now, or nil if l
// was ended before. It is the caller's, who releases it; a copy would cost more
// than all that is read from it.
func (t *leaseTable) end(l *Lease) *leaseSlot {
	s := t.slot(l.slot)
	if s.gen != l.gen {
		return nil
	}
	s.gen++
	s.budget = s.budget.current()
	return s
}

// release lets others take the slot with the number.
func (t *leaseTable) release(i uint32, s *leaseSlot) {
	s.budget, s.free = nil, t.free
	t.free = i + 1
}
