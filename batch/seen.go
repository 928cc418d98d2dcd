package batch

import (
	"hash/maphash"
	"math/bits"
)

// seen is the set of items met so far. It keeps 128 bits of two hashes with
// random seeds instead of the items, so that it takes at most 30 bytes an item
// however long the items are. Two of a billion items are taken for one with a
// probability of about 10 to the power of -21.
type seen[K comparable] struct {
	seeds      [2]maphash.Seed
	identified bool
	shards     [64]shard
}

// shard is an open-addressed table. A slot whose second half is 0 is empty.
type shard struct {
	slots [][2]uint64
	n     int
}

func newSeen[K comparable]() *seen[K] {
	return &seen[K]{
		seeds:      [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		identified: isIdentified[K](),
	}
}

// add reports whether k was not there before.
func (s *seen[K]) add(k K) bool {
	var h [2]uint64
	if s.identified {
		id := any(k).(Identified).ID()
		h = [2]uint64{maphash.String(s.seeds[0], id), maphash.String(s.seeds[1], id)}
	} else {
		h = [2]uint64{maphash.Comparable(s.seeds[0], k), maphash.Comparable(s.seeds[1], k)}
	}
	h[1] |= 1
	return s.shards[h[1]>>58].add(h)
}

func (s *shard) add(h [2]uint64) bool {
	if s.n*4 >= len(s.slots)*3 { // fuller ones are slow to search
		s.grow()
	}
	at := s.find(h)
	if s.slots[at] == h {
		return false
	}
	s.slots[at] = h
	s.n++
	return true
}

// find returns the slot that has h, or the empty one where it belongs.
func (s *shard) find(h [2]uint64) int {
	high, _ := bits.Mul64(h[0], uint64(len(s.slots)))
	at := int(high)
	for s.slots[at][1] != 0 && s.slots[at] != h {
		if at++; at == len(s.slots) {
			at = 0
		}
	}
	return at
}

// grow makes room by three eighths, and not by the usual double, which would leave
// more than half of the slots empty.
func (s *shard) grow() {
	old := s.slots
	s.slots = make([][2]uint64, max(8, len(old)*11/8))
	for _, h := range old {
		if h[1] != 0 {
			s.slots[s.find(h)] = h
		}
	}
}
