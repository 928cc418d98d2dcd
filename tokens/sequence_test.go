package tokens

import (
	"math/rand/v2"
	"slices"
	"testing"
)

type nth uint64

func (n nth) number() uint64 { return uint64(n) }

func TestSequence_puts_each_where_its_number_belongs(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(2, 5))
	var s sequence[nth]
	there := map[nth]bool{}
	for range 50_000 {
		n := nth(rnd.IntN(5_000))
		if there[n] {
			s.remove(n)
		} else {
			s.add(n)
		}
		there[n] = !there[n]
	}
	var want []nth
	for n := range nth(5_000) {
		if there[n] {
			want = append(want, n)
		}
	}
	if got := s.list(); !slices.Equal(got, want) || s.count != len(want) {
		t.Errorf("%d are there, or not in their order, want %d", s.count, len(want))
	}
	for i, page := range s.pages {
		if len(page) == 0 || len(page) > pageSize {
			t.Errorf("page %d has %d", i, len(page))
		}
	}
}

func TestSequence_keeps_the_order_whatever_is_taken_out(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 5))
	var s sequence[nth]
	var want []nth
	for n := range nth(20_000) {
		if rnd.IntN(5) > 1 || len(want) == 0 {
			s.add(n)
			want = append(want, n)
			continue
		}
		i := rnd.IntN(len(want))
		s.remove(want[i])
		s.remove(want[i]) // which is there no more
		want = slices.Delete(want, i, i+1)
	}
	if got := s.list(); !slices.Equal(got, want) || s.count != len(want) || !slices.Equal(slices.Collect(s.all()), want) {
		t.Errorf("%d of %d are there, or not in their order", s.count, len(want))
	}
	for x := range s.all() {
		if x != want[0] {
			t.Errorf("the first is %d, want %d", x, want[0])
		}
		break
	}
	for _, x := range want {
		s.remove(x)
	}
	if len(s.pages) != 0 || s.count != 0 || s.list() != nil {
		t.Errorf("%d pages with %d are left of nothing", len(s.pages), s.count)
	}
}
