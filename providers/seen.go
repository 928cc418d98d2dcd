package providers

import (
	"hash/maphash"
	"strconv"
)

// seen knows the items that a walk has returned. Hosts that page by number show
// an item again if one was put in before it meanwhile.
//
// It keeps 8 bytes an item, in a map whose slots take 10 to 20: numbers as they
// are, anything else as a hash, where two of a million items are alike once in
// 37 million walks.
type seen struct {
	numbers map[uint64]struct{}
	hashes  map[uint64]struct{}
	seed    maphash.Seed
}

// add reports whether key is new. The empty key always is.
func (s *seen) add(key string) bool {
	if key == "" {
		return true
	}
	if n, err := strconv.ParseUint(key, 10, 64); err == nil && key[0] != '0' {
		return insert(&s.numbers, n)
	}
	if s.hashes == nil {
		s.seed = maphash.MakeSeed()
	}
	return insert(&s.hashes, maphash.String(s.seed, key))
}

func insert(set *map[uint64]struct{}, n uint64) bool {
	if *set == nil {
		*set = map[uint64]struct{}{}
	}
	before := len(*set)
	(*set)[n] = struct{}{}
	return len(*set) > before
}
