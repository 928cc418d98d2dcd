package tokens

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

var t0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// told is a reading of a window of 5000 that ends at t0 plus ends.
func told(remaining int64, ends time.Duration, seq uint64) *reading {
	at := t0.Add(ends)
	return &reading{
		limit:     ratelimit.Known[int64](5000),
		remaining: ratelimit.Known(remaining),
		reset:     at,
		ends:      at,
		seq:       seq,
	}
}

func (r *record) wantFree(t *testing.T, want int64, wantKnown bool) {
	t.Helper()
	if got, known := r.free(); got != want || known != wantKnown {
		t.Errorf("free() = %d, %t, want %d, %t", got, known, want, wantKnown)
	}
}

func TestI6_Record_an_answer_of_an_older_window_changes_nothing(t *testing.T) {
	t.Parallel()
	var r record
	r.observe(told(4000, time.Hour, 2), t0)
	r.observe(told(10, 50*time.Minute, 1), t0)
	r.wantFree(t, 4000, true)
	if want := t0.Add(time.Hour); !r.ends.Equal(want) {
		t.Errorf("ends = %v, want %v", r.ends, want)
	}
}

func TestI6_Record_a_late_answer_never_raises_remaining_within_a_window(t *testing.T) {
	t.Parallel()
	var r record
	r.observe(told(3, time.Hour, 5), t0)
	r.observe(told(100, time.Hour, 1), t0)
	r.observe(told(99, time.Hour+sameWindow, 2), t0) // the reset jitters
	r.wantFree(t, 3, true)
}

func TestI6_Record_a_later_window_is_taken_as_it_is(t *testing.T) {
	t.Parallel()
	var r record
	r.observe(told(3, time.Minute, 1), t0)
	r.observe(told(4999, time.Hour, 2), t0)
	r.wantFree(t, 4999, true)
}

func TestI6_Record_a_late_answer_of_a_window_that_has_ended_is_dropped(t *testing.T) {
	t.Parallel()
	var r record
	r.observe(told(3, time.Minute, 1), t0)
	now := t0.Add(2 * time.Minute)
	r.advance(now)
	r.observe(told(2, time.Minute, 1), now)
	r.wantFree(t, maxUnknownLeases, false)
}

func TestI6_Record_an_untouched_reading_opens_no_window_and_raises_nothing(t *testing.T) {
	t.Parallel()
	var r record
	r.observe(told(5000, time.Hour, 1), t0)
	r.wantFree(t, 5000, true)
	if !r.ends.IsZero() {
		t.Errorf("ends = %v, want no window", r.ends)
	}
	r.observe(told(40, time.Hour, 2), t0)
	r.observe(told(5000, 2*time.Hour, 3), t0)
	r.wantFree(t, 40, true)
}

func TestI5_Record_what_remains_may_be_the_limit_by_chance(t *testing.T) {
	t.Parallel()
	for _, order := range [][]int64{{120, 119}, {119, 120}} { // of a limit that is told as 119 a minute
		var r record
		for i, left := range order {
			in := told(left, time.Hour, uint64(i))
			in.limit, in.used = ratelimit.Known[int64](119), ratelimit.Known(7200-left)
			r.observe(in, t0)
		}
		r.wantFree(t, 119, true)
	}
}

func TestI6_Record_any_order_of_the_answers_of_a_window_ends_in_the_same_record(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		readings := make([]*reading, 20)
		for i := range readings {
			jitter := time.Duration(rnd.IntN(2)) * time.Second
			readings[i] = told(int64(1000-i), time.Hour+jitter, uint64(i+1))
		}
		rnd.Shuffle(len(readings), func(i, j int) { readings[i], readings[j] = readings[j], readings[i] })
		var r record
		for _, in := range readings {
			r.observe(in, t0)
		}
		if got, _ := r.free(); got != 981 {
			t.Fatalf("seed %d: free = %d, want 981", seed, got)
		}
	}
}

func TestI6_Record_a_call_without_an_answer_stays_charged_until_a_later_lease_is_answered(t *testing.T) {
	t.Parallel()
	var r record
	r.observe(told(100, time.Hour, 1), t0)
	r.lost.add(1, 5)
	r.wantFree(t, 99, true)
	r.observe(told(98, time.Hour, 5), t0) // leased before the loss was known
	r.wantFree(t, 97, true)
	r.observe(told(96, time.Hour, 6), t0)
	r.wantFree(t, 96, true)
}

func TestI6_Record_a_trickle_of_losses_does_not_keep_the_first_subtracted(t *testing.T) {
	t.Parallel()
	var r record
	r.observe(told(1000, time.Hour, 1), t0)
	seq := uint64(1)
	for range 50 {
		r.lost.add(1, seq+1) // the newest lease is lost, those after it are answered
		seq += 2
		r.observe(told(1000, time.Hour, seq), t0)
	}
	if got, _ := r.free(); got < 998 {
		t.Errorf("free = %d, want at least 998: at most two generations of losses", got)
	}
}

func TestI6_Record_a_call_without_numbers_stays_apart_from_those_with(t *testing.T) {
	t.Parallel()
	var r record
	r.observe(told(100, time.Hour, 1), t0)
	// The host served 2, then 3; the answers come in the other order.
	r.charge(1, 3, 5, t0)
	r.wantFree(t, 99, true)
	r.observe(told(99, time.Hour, 2), t0)
	r.wantFree(t, 98, true)
	r.observe(told(97, time.Hour, 6), t0) // counts everything before it
	r.wantFree(t, 97, true)
}

func TestI5_Record_a_call_without_numbers_at_the_end_of_a_window_may_belong_to_the_next(t *testing.T) {
	t.Parallel()
	for ends, want := range map[time.Duration]int64{time.Hour: 4998, time.Second: 4997} {
		var r record
		r.observe(told(100, ends, 1), t0)
		r.charge(1, 2, 5, t0)
		now := t0.Add(2 * time.Hour)
		r.advance(now)
		r.observe(told(4998, 3*time.Hour, 3), now)
		r.wantFree(t, want, true)
	}
}

func TestI6_Record_a_free_call_without_an_answer_keeps_no_loss_alive(t *testing.T) {
	t.Parallel()
	var r record
	r.observe(told(100, time.Hour, 1), t0)
	r.lost.add(1, 5)
	r.lost.add(1, 6)
	r.lost.add(0, 20)
	r.observe(told(98, time.Hour, 7), t0)
	r.wantFree(t, 98, true)
}

func TestI6_Record_slow_answers_do_not_look_like_a_new_window(t *testing.T) {
	t.Parallel()
	var r record
	r.observe(told(10, time.Hour, 1), t0)
	slow := told(4000, time.Hour, 2)
	slow.ends = slow.ends.Add(30 * time.Second) // by our clock only
	r.observe(slow, t0)
	r.wantFree(t, 10, true)
}

func TestI11_Record_unknown_numbers_change_nothing(t *testing.T) {
	t.Parallel()
	var r record
	r.observe(told(100, time.Hour, 1), t0)
	r.observe(&reading{seq: 2}, t0)
	r.observe(&reading{limit: ratelimit.Known[int64](0), seq: 3}, t0)
	r.wantFree(t, 100, true)
	if got := r.limit.Or(-1); got != 5000 {
		t.Errorf("limit = %d, want 5000", got)
	}
}

func TestRecord_after_a_reset_the_numbers_are_unknown_and_the_limit_is_not(t *testing.T) {
	t.Parallel()
	var r record
	r.observe(told(0, time.Minute, 1), t0)
	r.advance(t0.Add(time.Minute)) // the margin has not passed
	r.wantFree(t, 0, true)
	r.advance(t0.Add(time.Minute + resetMargin))
	r.wantFree(t, maxUnknownLeases, false)
	if got := r.limit.Or(-1); got != 5000 {
		t.Errorf("limit = %d, want 5000", got)
	}
}

func TestI5_Record_a_rolled_over_budget_counts_the_leases_of_the_old_window(t *testing.T) {
	t.Parallel()
	r := record{out: 3}
	r.observe(told(50, time.Minute, 1), t0)
	r.advance(t0.Add(2 * time.Minute))
	r.wantFree(t, 2, false)
}

func TestI11_Record_numbers_without_a_reset_can_only_lower_those_of_a_window(t *testing.T) {
	t.Parallel()
	var r record
	r.observe(told(100, time.Hour, 1), t0)
	for _, left := range []int64{200, 50} {
		r.observe(&reading{remaining: ratelimit.Known(left), seq: 2}, t0)
	}
	r.wantFree(t, 50, true)
	if want := t0.Add(time.Hour); !r.ends.Equal(want) {
		t.Errorf("ends = %v, want %v", r.ends, want)
	}
}

func TestRecord_a_budget_without_windows_follows_the_newest_lease(t *testing.T) {
	t.Parallel()
	in := func(left int64, seq uint64) *reading {
		return &reading{limit: ratelimit.Known[int64](60), remaining: ratelimit.Known(left), seq: seq}
	}
	var r record
	r.observe(in(10, 1), t0)
	r.observe(in(40, 3), t0) // the bucket has refilled
	r.wantFree(t, 40, true)
	r.observe(in(55, 2), t0) // late
	r.wantFree(t, 40, true)
}
