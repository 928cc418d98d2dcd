package fleettest

import "time"

// sliding adds up what happened within a span before now. It is stricter than
// a fixed minute: whoever stays within it stays within any minute the host may
// look at.
type sliding struct {
	marks []mark
	sum   int
}

// mark is an amount and when it was added.
type mark struct {
	at time.Time
	n  int
}

// add counts n at now.
func (s *sliding) add(now time.Time, n int) {
	s.marks = append(s.marks, mark{now, n})
	s.sum += n
}

// total forgets what is older than span and returns the rest.
func (s *sliding) total(now time.Time, span time.Duration) int {
	old := 0
	for old < len(s.marks) && now.Sub(s.marks[old].at) >= span {
		s.sum -= s.marks[old].n
		old++
	}
	s.marks = s.marks[old:]
	return s.sum
}
