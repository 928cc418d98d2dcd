package providers_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/providers"
)

func TestI15_pages_that_come_in_any_order_are_handed_out_in_theirs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pages := pagesOf(3, 40, true)
		f := &fake{page: func(ctx context.Context, at providers.Position) (providers.Page[providers.Repository], error) {
			time.Sleep(time.Duration(50-number(at)) * time.Second) // the later the page, the sooner it comes
			return pages(ctx, at)
		}}
		start := time.Now()
		got, err := f.client().FetchRepositories(t.Context(), "acme")
		if err != nil || !equal(got, counted(120)) {
			t.Errorf("%v, %v", ids(got), err)
		}
		if f.most != providers.DefaultConcurrency || f.asked() != 40 {
			t.Errorf("%d pages at a time and %d in all, want %d and 40", f.most, f.asked(), providers.DefaultConcurrency)
		}
		if took := time.Since(start); took > 250*time.Second {
			t.Errorf("it took %v; one after the other would be 1180s", took)
		}
	})
}

func TestWalk_concurrency_is_what_the_option_says(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ option, want int }{{1, 1}, {2, 2}, {7, 7}, {100, 9}} {
		synctest.Test(t, func(t *testing.T) {
			pages := pagesOf(1, 10, true)
			f := &fake{page: func(ctx context.Context, at providers.Position) (providers.Page[providers.Repository], error) {
				time.Sleep(time.Second)
				return pages(ctx, at)
			}}
			got, err := f.client().FetchRepositories(t.Context(), "acme", providers.Concurrency(tt.option))
			if err != nil || !equal(got, counted(10)) || f.most != tt.want {
				t.Errorf("Concurrency(%d): %d at a time, %v, %v; want %d", tt.option, f.most, ids(got), err, tt.want)
			}
		})
	}
}

func TestWalk_without_a_last_page_goes_from_link_to_link(t *testing.T) {
	t.Parallel()
	f := &fake{page: pagesOf(2, 9, false)}
	got, err := f.client().FetchRepositories(t.Context(), "acme")
	if err != nil || !equal(got, counted(18)) || f.most != 1 || f.asked() != 9 {
		t.Errorf("%v, %v; %d at a time and %d in all", ids(got), err, f.most, f.asked())
	}
	for _, at := range f.positions {
		if at.Page != 0 {
			t.Errorf("page %d is asked for by number", at.Page)
		}
	}
}

func TestI15_an_error_of_a_page_comes_after_what_was_read(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	for _, told := range []bool{true, false} {
		for bad := 1; bad <= 6; bad++ {
			pages := pagesOf(2, 6, told)
			f := &fake{page: func(ctx context.Context, at providers.Position) (providers.Page[providers.Repository], error) {
				if number(at) == bad {
					return providers.Page[providers.Repository]{}, broken
				}
				return pages(ctx, at)
			}}
			got, err := f.client().FetchRepositories(t.Context(), "acme")
			var e *providers.Error
			if !equal(got, counted(2*(bad-1))) || !errors.As(err, &e) || e.Page != bad || !errors.Is(err, broken) || !errors.Is(err, providers.ErrNetwork) {
				t.Errorf("page %d fails: %v, %v", bad, ids(got), err)
			}
			if e != nil && (e.Op != providers.OpRepositories || e.Target != "acme" || e.Host != fakeHost) {
				t.Errorf("the error is of %q of %q at %q", e.Op, e.Target, e.Host)
			}
		}
	}
}

// A driver may have read a part of the page that fails.
func TestI15_items_that_come_with_an_error_are_handed_out(t *testing.T) {
	t.Parallel()
	f := &fake{page: func(context.Context, providers.Position) (providers.Page[providers.Repository], error) {
		return providers.Page[providers.Repository]{Items: repositories(1, 3)}, &providers.Error{Kind: providers.ErrTooLarge}
	}}
	got, err := f.client().FetchRepositories(t.Context(), "acme")
	if !equal(got, counted(3)) || !errors.Is(err, providers.ErrTooLarge) {
		t.Errorf("%v, %v", ids(got), err)
	}
}

func TestWalk_a_limit_ends_it_and_asks_for_no_more_pages_than_hold_as_much(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ limit, want, pages int }{
		{1, 1, 1}, {10, 10, 1}, {11, 11, 2}, {25, 25, 3}, {60, 60, 6}, {61, 60, 6}, {1 << 40, 60, 6}, {0, 60, 6},
	} {
		for _, told := range []bool{true, false} {
			f := &fake{page: pagesOf(10, 6, told)}
			got, err := f.client().FetchRepositories(t.Context(), "acme", providers.Limit(tt.limit), providers.PageSize(10))
			if err != nil || !equal(got, counted(tt.want)) {
				t.Errorf("Limit(%d): %d items, %v", tt.limit, len(got), err)
			}
			if extra := f.asked() - tt.pages; extra < 0 || extra > 1 || !told && extra != 0 {
				t.Errorf("Limit(%d): %d pages, want %d", tt.limit, f.asked(), tt.pages)
			}
		}
	}
}

func TestI15_items_that_move_to_a_later_page_come_once(t *testing.T) {
	t.Parallel()
	// Two items are put in at the front while page 1 is read.
	for _, told := range []bool{true, false} {
		pages := pagesOf(4, 3, told)
		f := &fake{page: func(ctx context.Context, at providers.Position) (providers.Page[providers.Repository], error) {
			p, err := pages(ctx, at)
			if n := number(at); n > 1 {
				p.Items = repositories((n-1)*4-1, n*4-2)
			}
			return p, err
		}}
		got, err := f.client().FetchRepositories(t.Context(), "acme")
		if err != nil || !equal(got, counted(10)) {
			t.Errorf("%v, %v", ids(got), err)
		}
	}
}

func TestI15_a_list_that_grows_at_its_end_is_read_to_the_new_one(t *testing.T) {
	t.Parallel()
	f := &fake{page: func(_ context.Context, at providers.Position) (providers.Page[providers.Repository], error) {
		n := number(at)
		p := providers.Page[providers.Repository]{Items: repositories(n, n), Last: 4}
		if n < 7 {
			p.Next = fmt.Sprint("page ", n+1)
		}
		return p, nil
	}}
	got, err := f.client().FetchRepositories(t.Context(), "acme")
	if err != nil || !equal(got, counted(7)) {
		t.Errorf("%v, %v", ids(got), err)
	}
}

func TestI15_links_that_lead_in_a_circle_are_an_error_after_what_was_read(t *testing.T) {
	t.Parallel()
	f := &fake{page: func(_ context.Context, at providers.Position) (providers.Page[providers.Repository], error) {
		n := number(at)
		return providers.Page[providers.Repository]{Items: repositories(1+n%3, 1+n%3), Next: fmt.Sprint("page ", n+1)}, nil
	}}
	got, err := f.client().FetchRepositories(t.Context(), "acme")
	if len(got) != 3 || err == nil || !strings.Contains(err.Error(), "lead in a circle") {
		t.Errorf("%v, %v", ids(got), err)
	}
	if n := f.asked(); n != 10_003 {
		t.Errorf("%d pages were asked for", n)
	}
}

func TestI15_pages_without_anything_do_not_end_a_list(t *testing.T) {
	t.Parallel()
	f := &fake{page: func(_ context.Context, at providers.Position) (providers.Page[providers.Repository], error) {
		n := number(at)
		p := providers.Page[providers.Repository]{Next: fmt.Sprint("page ", n+1)}
		switch n {
		case 1, 9_000:
			p.Items = repositories(n, n)
		case 18_000:
			p.Items, p.Next = repositories(n, n), ""
		}
		return p, nil
	}}
	got, err := f.client().FetchRepositories(t.Context(), "acme")
	if len(got) != 3 || err != nil {
		t.Errorf("%v, %v", ids(got), err)
	}
}

func TestI15_a_list_that_shrinks_meanwhile_ends(t *testing.T) {
	t.Parallel()
	f := &fake{page: func(_ context.Context, at providers.Position) (providers.Page[providers.Repository], error) {
		n := number(at)
		if n > 3 {
			return providers.Page[providers.Repository]{}, nil
		}
		return providers.Page[providers.Repository]{Items: repositories(n, n), Last: 6, Next: fmt.Sprint("page ", n+1)}, nil
	}}
	got, err := f.client().FetchRepositories(t.Context(), "acme")
	if err != nil || !equal(got, counted(3)) {
		t.Errorf("%v, %v", ids(got), err)
	}
}

func TestWalk_a_loop_that_ends_early_asks_for_nothing_more(t *testing.T) {
	t.Parallel()
	for items, pages := range map[int]int{1: 1, 2: 1, 3: 2, 4: 2, 5: 3} {
		f := &fake{page: pagesOf(2, 9, true)}
		n := 0
		for _, err := range f.client().Repositories(t.Context(), "acme") {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == items {
				break
			}
		}
		if f.asked() != pages {
			t.Errorf("%d items took %d pages, want %d", items, f.asked(), pages)
		}
	}
}

// What was asked for ahead is cancelled, and over when the loop is.
func TestI16_a_loop_that_ends_early_leaves_nothing_running(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pages := pagesOf(2, 9, true)
		f := &fake{page: func(ctx context.Context, at providers.Position) (providers.Page[providers.Repository], error) {
			if number(at) > 2 {
				<-ctx.Done()
				return providers.Page[providers.Repository]{}, ctx.Err()
			}
			return pages(ctx, at)
		}}
		n := 0
		for _, err := range f.client().Repositories(t.Context(), "acme", providers.Concurrency(4)) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 4 {
				break
			}
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.running != 0 {
			t.Errorf("%d pages are still being asked for", f.running)
		}
	})
}

func TestWalk_ends_with_its_context(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pages := pagesOf(2, 9, true)
		f := &fake{page: func(ctx context.Context, at providers.Position) (providers.Page[providers.Repository], error) {
			if number(at) > 3 {
				<-ctx.Done()
				return providers.Page[providers.Repository]{}, ctx.Err()
			}
			return pages(ctx, at)
		}}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		start := time.Now()
		got, err := f.client().FetchRepositories(ctx, "acme")
		if !errors.Is(err, context.Canceled) || !errors.Is(err, providers.ErrCanceled) || !equal(got, counted(6)) || time.Since(start) != time.Minute {
			t.Errorf("%v, %v after %v", ids(got), err, time.Since(start))
		}
	})
}

func TestWalk_can_be_done_again(t *testing.T) {
	t.Parallel()
	f := &fake{page: pagesOf(2, 2, true)}
	seq := f.client().Repositories(t.Context(), "acme", providers.Limit(3))
	for range 2 {
		var got []providers.Repository
		for r, err := range seq {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, r)
		}
		if !equal(got, counted(3)) {
			t.Errorf("%v", ids(got))
		}
	}
}

func TestWalk_an_empty_list_is_a_slice_without_items(t *testing.T) {
	t.Parallel()
	f := &fake{page: pagesOf(0, 1, false)}
	if got, err := f.client().FetchRepositories(t.Context(), "acme"); got == nil || len(got) != 0 || err != nil {
		t.Errorf("%v (nil: %t), %v", got, got == nil, err)
	}
}

// Rows of old have ids but no numbers.
func TestI15_things_without_a_number_are_told_apart_by_id(t *testing.T) {
	t.Parallel()
	f := &fake{issues: func(context.Context) (providers.Page[providers.Issue], error) {
		return providers.Page[providers.Issue]{Items: []providers.Issue{{ID: "1"}, {ID: "2"}, {ID: "1"}, {}, {}, {ID: "3", Number: 9}, {ID: "4", Number: 9}}}, nil
	}}
	if got, err := f.client().FetchIssues(t.Context(), "acme/web"); err != nil || len(got) != 5 {
		t.Errorf("%d, %v; want 5: without anything to tell by, all are handed out", len(got), err)
	}
}

func TestWalk_asks_for_the_tokens_own_if_no_owner_is_named(t *testing.T) {
	t.Parallel()
	f := &fake{page: pagesOf(1, 1, false)}
	if _, err := f.client().FetchRepositories(t.Context(), ""); err != nil || !f.owners[0].Self || f.owners[0].Login != "" {
		t.Errorf("%+v, %v", f.owners, err)
	}
	if _, err := f.client().FetchRepositories(t.Context(), "acme"); err != nil || f.owners[1].Self || f.owners[1].Login != "acme" {
		t.Errorf("%+v, %v", f.owners, err)
	}
}
