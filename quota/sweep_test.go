package quota

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// filled gives a user's bucket tokens.
func filled(c *Client, user string, r *rule) *bucket {
	s, _ := c.place(user, nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.fill(s, bucketKey{user, r}, 5, 5)
}

func TestSweep_comes_again_for_the_bucket_that_expires_next(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := New("key", "app")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		r := c.rules.learn(Operation("o"), Rule{ID: "r"})
		start := time.Now()
		for _, at := range []int{0, 10, 20, 30, 40, 50} {
			time.Sleep(time.Duration(at)*time.Second - time.Since(start))
			filled(c, fmt.Sprint("u", at), r)
		}
		for _, at := range []int{0, 10, 20, 30, 40, 50} {
			time.Sleep(time.Duration(at)*time.Second + idle + 2*time.Second - time.Since(start))
			s, _ := c.place(fmt.Sprint("u", at), nil)
			s.mu.RLock()
			if s.buckets[bucketKey{fmt.Sprint("u", at), r}] != nil {
				t.Errorf("the bucket of %d s is in memory after %v", at, time.Since(start))
			}
			s.mu.RUnlock()
		}
	})
}

func TestTake_finds_the_bucket_behind_a_void_one_in_the_slot(t *testing.T) {
	t.Parallel()
	c, err := New("key", "app")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := c.rules.learn(Operation("o"), Rule{ID: "r"})
	old := filled(c, "u", r)
	s, slot := c.place("u", r)
	s.mu.Lock()
	s.drop(old)
	s.mu.Unlock()
	slot.Store(old) // as whoever found it before it was dropped may do after
	now := filled(c, "u", r)
	if d, ok := c.take("u", r, 1); !ok || slot.Load() != now {
		t.Errorf("%+v, %v, want a token of the new bucket, which is in the slot", d, ok)
	}
}

func TestSweeper_has_one_timer_and_none_once_it_is_stopped(t *testing.T) {
	t.Parallel()
	s := sweeper{sweep: func() time.Duration { return 0 }}
	s.arm(time.Hour)
	first := s.timer
	s.arm(time.Hour)
	if s.timer != first {
		t.Error("there is another timer while the first runs")
	}
	s.stop()
	if first.Stop() {
		t.Error("the timer runs after the end")
	}
	var unused sweeper
	unused.stop()
	unused.arm(time.Hour)
	if unused.timer != nil {
		t.Error("a timer began after the end")
	}
}

func TestMemoryStore_forgets_draws_and_rests_when_time_frees_nothing_more(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := NewMemoryStore()
		seen := func() (n int) {
			for i := range m.shards {
				m.shards[i].mu.Lock()
				n += len(m.shards[i].seen)
				m.shards[i].mu.Unlock()
			}
			return n
		}
		for i := range 10 {
			if _, err := m.Take(t.Context(), Draw{Bucket: BucketID{User: fmt.Sprint(i)}, Burst: 2, Tokens: 1, Once: "a"}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(rememberFor - time.Second)
		if n := seen(); n != 10 {
			t.Errorf("%d of 10 draws are known", n)
		}
		time.Sleep(sweepEvery)
		synctest.Wait()
		if n := seen(); n != 0 || m.Len() != 10 {
			t.Errorf("%d draws and %d buckets are left, want none and the 10 that never refill", n, m.Len())
		}
		if next := m.sweep(); next != 0 {
			t.Errorf("the next sweep is in %v, though time frees nothing", next)
		}
	})
}
