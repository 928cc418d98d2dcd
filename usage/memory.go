package usage

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Memory is a [Store] that keeps the latest events of this process, as many as
// it was made for, and nothing else: older ones are forgotten. Its methods return
// errors for what is asked wrongly only.
type Memory struct {
	mu     sync.RWMutex
	ring   []Event // in the order of arrival, the oldest at next once it is full
	size   int
	next   int
	lastID int64
}

// NewMemory returns a store for the given number of events, 10,000 if it is not
// positive. An event takes about a quarter of a kilobyte.
func NewMemory(events int) *Memory {
	if events <= 0 {
		events = 10_000
	}
	return &Memory{size: events}
}

// Append implements [Store].
func (m *Memory) Append(_ context.Context, events []Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range events {
		e = e.clean()
		m.lastID++
		e.ID = m.lastID
		if len(m.ring) < m.size {
			m.ring = append(m.ring, e)
			continue
		}
		m.ring[m.next] = e
		m.next = (m.next + 1) % m.size
	}
	return nil
}

// Groups implements [Store].
func (m *Memory) Groups(_ context.Context, q Query, by ...Dimension) ([]Group, error) {
	if err := check(by); err != nil {
		return nil, err
	}
	found := groups{}
	m.mu.RLock()
	defer m.mu.RUnlock()
	for i := range m.ring {
		if e := &m.ring[i]; q.matches(e) {
			found.add(keyOf(e, by), e.tally())
		}
	}
	return found.sorted(by), nil
}

// Events implements [Store].
func (m *Memory) Events(_ context.Context, q Query, after Cursor, limit int) ([]Event, Cursor, error) {
	if err := checkPage(limit); err != nil {
		return nil, "", err
	}
	from, begin, err := after.place()
	if err != nil {
		return nil, "", err
	}
	var found []Event
	m.mu.RLock()
	for i := range m.ring {
		if e := &m.ring[i]; q.matches(e) && (begin || from.before(e)) {
			found = append(found, *e)
		}
	}
	m.mu.RUnlock()
	slices.SortFunc(found, func(a, b Event) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID))
	})
	events, next := page(found, limit)
	return events, next, nil
}

// Compact implements [Store]. Memory has nothing coarser than events, so it keeps
// them as long as the retention keeps anything.
func (m *Memory) Compact(_ context.Context, r Retention, now time.Time) error {
	_, end := r.bounds(now)
	if end.IsZero() {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	ordered := slices.Concat(m.ring[m.next:], m.ring[:m.next])
	m.ring, m.next = slices.DeleteFunc(ordered, func(e Event) bool { return e.At.Before(end) }), 0
	return nil
}
