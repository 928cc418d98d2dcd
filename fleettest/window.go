package fleettest

import "time"

// window counts what one account spends on one resource: a fixed window that
// starts with the first call that counts. GitHub docs, "Rate limits for the
// REST API".
type window struct {
	limit  int // negative: not limited
	length time.Duration
	used   int
	reset  time.Time // zero while no window is running

	// aligned windows begin and end where the clock does: at the full minute.
	aligned bool
	// strict windows count what they refuse as well.
	strict bool
}

// roll ends the window if its time is over.
func (w *window) roll(now time.Time) {
	if !w.reset.IsZero() && !now.Before(w.reset) {
		w.used, w.reset = 0, time.Time{}
	}
}

// start opens a window if none is running.
//
// Hosts tell the reset in whole seconds. The window ends on one, not before,
// so that whoever waits for the second he was told is served.
func (w *window) start(now time.Time) {
	if !w.reset.IsZero() {
		return
	}
	if w.aligned {
		seconds := max(1, int64(w.length/time.Second))
		w.reset = time.Unix((now.Unix()/seconds+1)*seconds, 0)
		return
	}
	end := now.Add(w.length)
	w.reset = time.Unix(end.Unix(), 0)
	if w.reset.Before(end) {
		w.reset = w.reset.Add(time.Second)
	}
}

// take implements [budget].
func (w *window) take(now time.Time, n int) bool {
	w.roll(now)
	if w.limit < 0 || n <= 0 {
		return true
	}
	w.start(now)
	enough := w.used+n <= w.limit
	if enough || w.strict {
		w.used += n
	}
	return enough
}

// drain implements [budget].
func (w *window) drain(now time.Time, n int) {
	w.roll(now)
	w.take(now, min(n, w.limit-w.used))
}

// setRemaining implements [budget].
func (w *window) setRemaining(now time.Time, n int) {
	w.roll(now)
	w.start(now)
	w.used = w.limit - n
}

// read implements [budget]. An unused window shows a reset a whole window
// ahead on every call, as GitHub's GET /rate_limit does.
func (w *window) read(now time.Time, resource string) numbers {
	w.roll(now)
	n := numbers{
		limited:   w.limit >= 0,
		limit:     w.limit,
		used:      w.used,
		remaining: max(0, w.limit-w.used),
		reset:     w.reset,
		resource:  resource,
	}
	if w.reset.IsZero() {
		n.reset = now.Add(w.length)
	}
	return n
}
