package ratelimit

import "time"

// slidingSlots is the number of counters of a Sliding: those of a whole span,
// and the one that is being filled.
const slidingSlots = 61

// Sliding counts points over a span of time that slides, as hosts count their
// limits per minute: a point is held from the moment it is taken, because the
// host may count it at any time until it answers, and for a whole span after the
// answer.
//
// It is not a token bucket, which would hand points out at a steady rate:
// whoever has points left may use them at once. It keeps 61 counters, each for
// a sixtieth of the span, and forgets a point up to a sixtieth late, never early.
//
// The zero Sliding is ready to use and counts over a minute. It keeps no clock:
// each method is told the time, which must not go back by more than a span. It is
// not safe for concurrent use.
type Sliding struct {
	// Span is the length of time that is counted over. Defaults to a minute.
	Span time.Duration

	origin time.Time     // slot 0 began here
	newest int64         // the number of the slot that is being filled, from origin
	full   time.Duration // after origin, when that slot is
	sum    int64         // of all slots
	out    int64         // taken and not answered yet
	slots  [slidingSlots]uint16
}

// Take holds points for a request that is about to be sent.
func (s *Sliding) Take(points int64) { s.out += points }

// Return gives back points of a request that was not sent.
func (s *Sliding) Return(points int64) { s.out -= points }

// Answered lets points of a request that was answered now run out in a span
// from now.
func (s *Sliding) Answered(points int64, now time.Time) {
	s.slide(now)
	s.out -= points
	slot := &s.slots[s.newest%slidingSlots]
	points = min(points, int64(^uint16(0)-*slot))
	*slot += uint16(points)
	s.sum += points
}

// Held returns how many points are held.
func (s *Sliding) Held(now time.Time) int64 {
	s.slide(now)
	return s.sum + s.out
}

// Room reports whether points more may be taken now without holding more than
// limit.
func (s *Sliding) Room(points, limit int64, now time.Time) bool {
	if s.sum+s.out+points <= limit {
		return true // time can only make more of it
	}
	s.slide(now)
	return s.sum+s.out+points <= limit
}

// ReadyAt returns when points more may be taken without holding more than
// limit: now, or when enough of the answered ones have run out. ok is false if
// that depends on requests that are not answered yet, or if limit is less than
// points.
func (s *Sliding) ReadyAt(points, limit int64, now time.Time) (at time.Time, ok bool) {
	if s.Room(points, limit, now) {
		return now, true
	}
	excess := s.sum + s.out + points - limit
	for n := s.newest - (slidingSlots - 1); n <= s.newest; n++ {
		if n < 0 {
			continue
		}
		if excess -= int64(s.slots[n%slidingSlots]); excess <= 0 {
			return s.origin.Add(time.Duration(n+slidingSlots) * s.step()), true
		}
	}
	return time.Time{}, false
}

// slide empties the slots that have left the span.
func (s *Sliding) slide(now time.Time) {
	if s.origin.IsZero() {
		s.origin = now
	}
	age := now.Sub(s.origin)
	if age < s.full {
		return // as nearly always, without the division
	}
	current := int64(age / s.step())
	s.full = time.Duration(current+1) * s.step()
	if current-s.newest >= slidingSlots {
		s.slots, s.sum, s.newest = [slidingSlots]uint16{}, 0, current
		return
	}
	for s.newest < current {
		s.newest++
		slot := &s.slots[s.newest%slidingSlots]
		s.sum -= int64(*slot)
		*slot = 0
	}
}

func (s *Sliding) step() time.Duration {
	if s.Span == 0 {
		return time.Minute / (slidingSlots - 1)
	}
	return s.Span / (slidingSlots - 1)
}
