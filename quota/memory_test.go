package quota_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/quota"
)

// drawn takes tokens out of the bucket of u.
func drawn(t testing.TB, m *quota.MemoryStore, d quota.Draw) quota.Drawn {
	t.Helper()
	d.Bucket.User = "u"
	got, err := m.Take(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestMemoryStore_an_idempotency_key_is_for_one_number_of_one_kind_of_draw(t *testing.T) {
	t.Parallel()
	m := quota.NewMemoryStore()
	first := quota.Draw{Burst: 9, Tokens: 2, Once: "a"}
	drawn(t, m, first)
	partial, more := first, first
	partial.Partial, more.Tokens = true, 3
	for _, d := range []quota.Draw{partial, more} {
		if got, err := m.Take(t.Context(), quota.Draw{Bucket: quota.BucketID{User: "u"}, Burst: 9, Tokens: d.Tokens, Partial: d.Partial, Once: "a"}); !errors.Is(err, quota.ErrKeyReused) {
			t.Errorf("%+v with the key of %+v: %+v, %v", d, first, got, err)
		}
	}
	if got := drawn(t, m, first); got.Remaining != 7 {
		t.Errorf("%+v, want what was drawn first", got)
	}
	for want := 6; want >= 5; want-- { // without a key each is a draw of its own
		if got := drawn(t, m, quota.Draw{Burst: 9, Tokens: 1}); got.Remaining != want {
			t.Errorf("%+v, want %d left", got, want)
		}
	}
}

// Sums of tenths are not exact: ten of them are a little less than one.
func TestMemoryStore_rounding_hides_no_token(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := quota.NewMemoryStore()
		drawn(t, m, quota.Draw{Refill: 0.1, Burst: 4, Tokens: 4})
		var last quota.Drawn
		for range 10 {
			time.Sleep(time.Second)
			last = drawn(t, m, quota.Draw{Refill: 0.1, Burst: 4, Tokens: 5})
		}
		if last.Consumed != 0 || last.Remaining != 1 {
			t.Errorf("%+v after 10 s, want 1 left", last)
		}
	})
}

func TestMemoryStore_a_bucket_follows_the_rates_of_its_rule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := quota.NewMemoryStore()
		drawn(t, m, quota.Draw{Refill: 0.01, Burst: 10, Tokens: 10})
		faster := quota.Draw{Refill: 1, Burst: 20, Tokens: 20}
		if got := drawn(t, m, faster); got.Remaining != 0 {
			t.Errorf("%+v at once, want nothing", got)
		}
		time.Sleep(5 * time.Second)
		if got := drawn(t, m, faster); got.Remaining != 5 {
			t.Errorf("%+v after 5 s at one a second, want 5", got)
		}
		time.Sleep(30 * time.Second)
		if got := drawn(t, m, faster); got.Consumed != 20 {
			t.Errorf("%+v, want the new burst of 20", got)
		}
	})
}

func TestMemoryStore_drops_no_bucket_that_lacks_a_token(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := quota.NewMemoryStore()
		drawn(t, m, quota.Draw{Refill: 0.01, Burst: 4, Tokens: 1})
		time.Sleep(61 * time.Second) // past a sweep, with 3.61 tokens
		synctest.Wait()
		if got := drawn(t, m, quota.Draw{Refill: 0.01, Burst: 4, Tokens: 4}); got.Consumed != 0 || got.Remaining != 3 {
			t.Errorf("%+v, want 4 of 3 denied", got)
		}
	})
}
