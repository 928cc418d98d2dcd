package ratelimit

import "time"

// Absorb adds the points that another window of the same span holds, for two
// callers who turn out to be counted as one. None of them is forgotten earlier
// than it would have been there; o must not be used any more.
func (s *Sliding) Absorb(o *Sliding, now time.Time) {
	s.slide(now)
	o.slide(now)
	if o.origin.Before(s.origin) {
		*s, *o = *o, *s // a slot for all that the other one holds
	}
	s.out += o.out
	for n := max(0, o.newest-(slidingSlots-1)); n <= o.newest; n++ {
		points := int64(o.slots[n%slidingSlots])
		if points == 0 {
			continue
		}
		began := o.origin.Add(time.Duration(n) * o.step()).Sub(s.origin)
		at := int64((began + s.step() - 1) / s.step()) // the first slot that began no earlier
		at = min(max(at, s.newest-(slidingSlots-1)), s.newest)
		slot := &s.slots[at%slidingSlots]
		points = min(points, int64(^uint16(0)-*slot))
		*slot += uint16(points)
		s.sum += points
	}
}
