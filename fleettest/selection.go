package fleettest

// selection is which repositories of which owners a list shows. Numbers are
// counted without making the repositories up, so that a page costs a page.
type selection struct {
	catalog *catalog
	parts   []part
	reverse bool
}

// part is one owner's repositories from number first up to last.
type part struct {
	owner       *owner
	first, last int
}

// total is how many there are.
func (s selection) total() int {
	n := 0
	for _, p := range s.parts {
		n += p.last - p.first + 1
	}
	return n
}

// at returns the ith repository, from 0.
func (s selection) at(i int) *repository {
	if s.reverse {
		i = s.total() - 1 - i
	}
	for _, p := range s.parts {
		if n := p.last - p.first + 1; i >= n {
			i -= n
			continue
		}
		return s.catalog.generate(p.owner, p.first+i)
	}
	return nil
}

// of adds an owner's repositories: the public ones, the private ones, or both.
func (s *selection) of(o *owner, public, private bool) {
	p := part{o, 1, o.repositories}
	if !public {
		p.first = o.repositories - o.private + 1
	}
	if !private {
		p.last = o.repositories - o.private
	}
	s.parts = append(s.parts, p)
}

// within leaves those with an id above after and below before.
func (s *selection) within(after, before int64) {
	for i := range s.parts {
		p := &s.parts[i]
		base := p.owner.id * repositoriesToAID
		p.first = int(max(int64(p.first), after-base+1))
		p.last = int(min(int64(p.last), before-base-1))
		p.last = max(p.last, p.first-1) // nothing is left of it
	}
}

// filter leaves those that keep picks. It looks at every one of them, so it is
// for lists that cannot be counted otherwise.
func (s selection) filter(keep func(*repository) bool) []*repository {
	var kept []*repository
	for i := range s.total() {
		if r := s.at(i); keep(r) {
			kept = append(kept, r)
		}
	}
	return kept
}
