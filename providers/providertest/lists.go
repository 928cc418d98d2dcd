package providertest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
)

// lists checks that lists are whole and in order, and that no more is asked for
// than is wanted.
func (s suite) lists(t *testing.T) {
	for _, n := range []int{0, 1, 6, 7, 8, 21, 22, 10_000} {
		s.with(t, fmt.Sprint("all_of_", n), n, func(t *testing.T, b *bench) { wantAll(t, b, n) })
	}
	s.with(t, "a_loop_that_ends_early_asks_for_nothing_more", 9, endEarly)
	s.with(t, "a_limit_ends_a_list", 9, limits)
	t.Run("by_small_pages_as_by_large_ones", func(t *testing.T) { s.each(t, lists, samePages) })
	t.Run("may_be_walked_twice", func(t *testing.T) { s.each(t, lists, walkTwice) })
}

// wantAll lists n repositories, page by page and several pages at once.
func wantAll(t *testing.T, b *bench, n int) {
	if n > 1000 && testing.Short() {
		t.Skip("takes a while")
	}
	if b.Owner == "" {
		t.Skip("the harness names no owner")
	}
	options := []providers.Option{providers.PageSize(7)}
	if n > 1000 {
		options = nil
	}
	fetched, err := b.Client.FetchRepositories(t.Context(), b.Owner, options...)
	if err != nil || fetched == nil || len(fetched) != n {
		t.Fatalf("FetchRepositories() = %d (nil: %t), %v; want %d", len(fetched), fetched == nil, err, n)
	}
	names := map[string]bool{}
	var walked int
	for r, err := range b.Client.Repositories(t.Context(), b.Owner, options...) {
		if err != nil {
			t.Fatal(err)
		}
		if walked >= n || r.FullName != fetched[walked].FullName {
			t.Fatalf("item %d is %s by the iterator, and not so by FetchRepositories", walked+1, r.FullName)
		}
		walked++
		names[r.FullName] = true
	}
	if walked != n || len(names) != n {
		t.Errorf("Repositories() brings %d items, %d of them different, want %d", walked, len(names), n)
	}
}

// endEarly counts requests: an item of a page that is there costs none.
func endEarly(t *testing.T, b *bench) {
	if b.Owner == "" {
		t.Skip("the harness names no owner")
	}
	asked := func(items int) int {
		b.wire.begin(nil)
		for _, err := range b.Client.Repositories(t.Context(), b.Owner, providers.PageSize(3)) {
			if err != nil {
				t.Fatal(err)
			}
			if items--; items == 0 {
				break
			}
		}
		return len(b.wire.asked())
	}
	asked(1) // what is kept of an owner is kept from now on
	first := asked(1)
	for items, want := range map[int]int{1: first, 3: first, 4: first + 1, 6: first + 1, 7: first + 2} {
		if got := asked(items); got != want {
			t.Errorf("%d items by pages of 3 took %d requests, want %d", items, got, want)
		}
	}
}

func limits(t *testing.T, b *bench) {
	if b.Owner == "" {
		t.Skip("the harness names no owner")
	}
	all, err := b.Client.FetchRepositories(t.Context(), b.Owner)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 2, 3, 8, 9, 10} {
		got, err := b.Client.FetchRepositories(t.Context(), b.Owner, providers.PageSize(2), providers.Limit(n))
		if err != nil || len(got) != min(n, len(all)) {
			t.Errorf("Limit(%d) brings %d items, %v", n, len(got), err)
		}
		for i := range got {
			if got[i].FullName != all[i].FullName {
				t.Errorf("Limit(%d): item %d is %s, want %s", n, i+1, got[i].FullName, all[i].FullName)
			}
		}
	}
}

func samePages(t *testing.T, b *bench, o operation) {
	all, _ := b.normally(o)
	if len(all) == 0 {
		t.Skip("the list is empty")
	}
	for _, options := range [][]providers.Option{
		small(o),
		{providers.PageSize(1)},
		{providers.PageSize(2), providers.Concurrency(3)},
		{providers.PageSize(3), providers.Limit(len(all))},
	} {
		got, _ := b.normally(o, options...)
		if !slices.Equal(texts(got), texts(all)) {
			t.Errorf("%d items by small pages and %d by large ones, or in another order", len(got), len(all))
		}
	}
	for i, text := range texts(all) {
		if slices.Contains(texts(all)[:i], text) {
			t.Errorf("item %d was there before: %s", i+1, text)
		}
	}
}

func walkTwice(t *testing.T, b *bench, o operation) {
	all, _ := b.normally(o)
	seq := o.walk(t.Context(), b.Harness, small(o)...)
	for range 2 {
		var got []item
		for i, err := range seq {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, i)
		}
		if !slices.Equal(texts(got), texts(all)) {
			t.Errorf("a walk brings %d items, want %d", len(got), len(all))
		}
	}
}
