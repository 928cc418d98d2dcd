package tokens

import (
	"cmp"
	"maps"
	"slices"
)

// unmarked does what looks at the manager and wants nobody in line to be looked at
// for it: budgets are placed anew by those who look, which would hide that a change
// of one was not told to those who wait for it.
func (m *model) unmarked(look func()) {
	marked := func() map[*queue]bool {
		all := map[*queue]bool{}
		for _, l := range m.host.lanes {
			for _, q := range l.line.marked {
				all[q] = true
			}
		}
		return all
	}
	was := marked()
	look()
	for _, l := range m.host.lanes {
		for q := range maps.Keys(marked()) {
			if !was[q] && slices.Contains(l.line.marked, q) {
				l.line.unmark(q)
			}
		}
	}
}

// checkLine wants each call in line to be in the queues of those who may serve it.
func (m *model) checkLine(l *lane) {
	positions, movable, refused := 0, 0, 0
	for w := l.line.first; w != nil; w = w.next {
		r := &w.request
		if r.admitted != m.host.generation && w.movable() {
			m.Fatalf("a call for %q has an audience of before", r.Owner)
		}
		m.host.admit(r)
		if r.audience.value() != w.audience {
			m.Fatalf("a call for %q waits for %v, want %v", r.Owner, w.audience, r.audience)
		}
		want := slices.Collect(partiesFor(w.audience))
		if len(want) != len(w.positions) {
			m.Fatalf("a call for %q stands in %d queues, want %d", r.Owner, len(w.positions), len(want))
		}
		for i, s := range w.positions {
			q := s.queue
			if !slices.Contains(q.positions.list(), s) || q.party.of != want[i] || q.kind != drawKind(&r.Draw) || l.line.parties[want[i]] != q.party || !slices.Contains(q.party.queues, q) {
				m.Fatalf("a call for %q stands in the wrong queue", r.Owner)
			}
		}
		positions += len(w.positions)
		if w.movable() {
			movable++
		}
		if !r.Tried.empty() {
			refused++
		}
	}
	fixed, pinned := 0, 0
	for of, c := range l.line.parties {
		for _, q := range c.queues {
			positions -= q.positions.count
			if q.positions.count == 0 {
				m.Fatalf("a queue is empty")
			}
			if !slices.IsSortedFunc(q.positions.list(), func(a, b *position) int { return cmp.Compare(a.number(), b.number()) }) {
				m.Fatalf("a queue is not in the order of arrival")
			}
		}
		if of.token != nil {
			fixed++
		}
		if of.account != nil && !slices.Contains(l.line.pinned[of.account], c) {
			m.Fatalf("an account does not know who waits for it")
		}
	}
	for _, cs := range l.line.pinned {
		pinned += len(cs)
		for _, c := range cs {
			if l.line.parties[c.of] != c {
				m.Fatalf("an account knows of calls that wait no more")
			}
		}
	}
	if positions != 0 || movable != l.line.movable || fixed != len(l.line.fixed) || len(l.line.aside) > 0 || refused != len(l.line.refused) {
		m.Fatalf("the line counts %d movable, %d fixed, %d refused and %d aside, want %d, %d, %d and none; %d places too many",
			l.line.movable, len(l.line.fixed), len(l.line.refused), len(l.line.aside), movable, fixed, refused, -positions)
	}
}
