package transport

import (
	"context"
	"sync"
)

// memoryStore is a Store that forgets what was used the longest time ago.
type memoryStore struct {
	mu         sync.Mutex // guards what follows
	maxBytes   int64
	maxEntries int
	values     map[string]*memoryValue
	first      *memoryValue // used last
	last       *memoryValue
	bytes      int64
	entries    int // of values: those that are answers
}

type memoryValue struct {
	key        string
	value      []byte
	prev, next *memoryValue
}

var _ Store = (*memoryStore)(nil)

// aroundValue is about what a value takes besides key and value: itself, its
// place in the map and what the allocator rounds up.
const aroundValue = 160

func (v *memoryValue) size() int64 { return int64(len(v.key)+cap(v.value)) + aroundValue }

func (v *memoryValue) isEntry() bool {
	return len(v.value) > len(entryMark) && string(v.value[:len(entryMark)]) == entryMark
}

// bound sets the bounds; 0 is the default.
func (s *memoryStore) bound(maxBytes int64, maxEntries int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values != nil {
		return
	}
	s.values = map[string]*memoryValue{}
	s.maxBytes, s.maxEntries = maxBytes, maxEntries
	if maxBytes == 0 {
		s.maxBytes = DefaultCacheBytes
	}
	if maxEntries == 0 {
		s.maxEntries = DefaultCacheEntries
	}
}

// Get implements [Store].
func (s *memoryStore) Get(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.values[key]
	if v == nil {
		return nil, nil
	}
	s.unlink(v)
	s.link(v)
	return v.value, nil
}

// Set implements [Store].
func (s *memoryStore) Set(_ context.Context, key string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(s.values[key])
	v := &memoryValue{key: key, value: value}
	if v.size() > s.maxBytes {
		return nil // it would drive out all others, and then itself
	}
	s.values[key] = v
	s.link(v)
	s.bytes += v.size()
	if v.isEntry() {
		s.entries++
	}
	for s.last != nil && (s.bytes > s.maxBytes || s.entries > s.maxEntries) {
		s.drop(s.last)
	}
	return nil
}

// Delete implements [Store].
func (s *memoryStore) Delete(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(s.values[key])
	return nil
}

// size returns how much is kept.
func (s *memoryStore) size() (entries int, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entries, s.bytes
}

func (s *memoryStore) drop(v *memoryValue) {
	if v == nil {
		return
	}
	s.unlink(v)
	delete(s.values, v.key)
	s.bytes -= v.size()
	if v.isEntry() {
		s.entries--
	}
}

func (s *memoryStore) link(v *memoryValue) {
	v.prev, v.next = nil, s.first
	if s.first != nil {
		s.first.prev = v
	} else {
		s.last = v
	}
	s.first = v
}

func (s *memoryStore) unlink(v *memoryValue) {
	if v.prev != nil {
		v.prev.next = v.next
	} else {
		s.first = v.next
	}
	if v.next != nil {
		v.next.prev = v.prev
	} else {
		s.last = v.prev
	}
	v.prev, v.next = nil, nil
}
