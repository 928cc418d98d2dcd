package tokens

import (
	"sort"
	"time"
)

// planHorizon bounds how far ahead Plan looks.
const planHorizon = 366 * 24 * time.Hour

// Plan returns when n more calls that draw on a resource could be done at the
// earliest: what is left now, the resets to come, the documented windows after
// them and the pace are reckoned with; the time that calls take, other programs
// on the same accounts and calls that write are not. An account whose limit is
// unknown counts for nothing, so call [Manager.Prime] first where that is free.
// Accounts are looked at one after the other, while others are used.
// ok is false if it would take more than a year, or can never be done.
func (h *Host) Plan(resource string, n int64) (done time.Time, ok bool) {
	now := time.Now()
	h.mu.Lock()
	l := h.awake(resource, now)
	budgets := l.budgets.list()
	plans := make([]plan, 0, len(budgets))
	for i, b := range budgets {
		if i%slice == slice-1 {
			h.letOthers()
		}
		if p, ok := b.plan(now); ok {
			plans = append(plans, p)
		}
	}
	h.mu.Unlock()
	capacity := func(after time.Duration) (sum int64) {
		for _, p := range plans {
			sum += p.capacity(after)
		}
		return sum
	}
	// Capacity changes in whole seconds at the most, and never falls.
	seconds := sort.Search(int(planHorizon/time.Second)+1, func(s int) bool {
		return capacity(time.Duration(s)*time.Second) >= n
	})
	if after := time.Duration(seconds) * time.Second; after <= planHorizon {
		return now.Add(after), true
	}
	return time.Time{}, false
}

// plan is what Plan knows of one account. Times count from now.
type plan struct {
	start     time.Duration // it rests until then
	left      int64         // in the window that runs
	ends      time.Duration // when that window ends; 0 if none runs
	limit     int64         // of the windows after it
	window    time.Duration // how long those last; 0 if there is only one
	perMinute int64         // bound of the pace; 0 is none
}

func (b *budget) plan(now time.Time) (plan, bool) {
	h := b.account.host
	limit, known := b.limit.Get()
	free, counted := b.free()
	switch {
	case b.account.lead() == nil || !known && !counted:
		return plan{}, false
	case !counted:
		free = limit
	}
	_, perMinute := b.account.points(b.resource)
	p := plan{left: max(0, free), limit: limit, window: h.dialect.Window(b.resource), perMinute: perMinute}
	if t := b.restingUntil(now); !t.IsZero() {
		p.start = ceilSecond(t.Sub(now))
	}
	if !b.ends.IsZero() {
		p.ends = ceilSecond(b.ends.Add(resetMargin).Sub(now))
	}
	return p, true
}

func ceilSecond(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}

// capacity returns how many calls can have been made by then.
func (p plan) capacity(after time.Duration) int64 {
	if after < p.start {
		return 0
	}
	end := p.ends
	if end == 0 { // the window begins with the first call
		end = p.start + p.window
		if p.window == 0 {
			return p.paced(p.left, after-p.start)
		}
	}
	if after < end {
		return p.paced(p.left, after-p.start)
	}
	sum := int64(0)
	if end > p.start {
		sum = p.paced(p.left, end-p.start)
	}
	begin := max(end, p.start)
	if p.window == 0 {
		return sum + p.paced(p.limit, after-begin)
	}
	windows := int64((after - begin) / p.window)
	full := p.paced(p.limit, p.window-time.Second)
	return sum + windows*full + p.paced(p.limit, (after-begin)%p.window)
}

// paced bounds the calls of a window of which so much has passed by the pace.
func (p plan) paced(calls int64, passed time.Duration) int64 {
	if p.perMinute == 0 {
		return calls
	}
	return min(calls, p.perMinute*(int64(passed/time.Minute)+1))
}
