package chaos_test

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// rests are the times before which an account must not be asked for a resource,
// as the client was told.
type rests struct {
	mu    sync.Mutex
	until map[string][]rest // by account and resource
	known map[string][]window
}

// rest is a pause that was told at a time.
type rest struct{ told, until time.Time }

// window is a budget that was known from a time on, until its end.
type window struct{ told, ends time.Time }

// slack is what resets may be off: a Date is cut to the second, and so is a
// reset.
const slack = 3 * time.Second

// hooks keep the books of what the transport says and check each attempt
// against them.
func (w *world) hooks() transport.Hooks {
	return transport.Hooks{
		Attempt: func(ctx context.Context, a transport.Attempt) { w.told(a); w.onAttempt(recordOf(ctx), a) },
		Answer:  func(ctx context.Context, a transport.Answer) { w.told(a); w.onAnswer(recordOf(ctx), a) },
		Limit:   func(_ context.Context, l transport.Limit) { w.told(l) },
		Swap:    func(_ context.Context, s transport.Swap) { w.told(s) },
		Retry:   func(_ context.Context, r transport.Retry) { w.told(r) },
		Wait: func(ctx context.Context, x transport.Wait) {
			w.told(x)
			rec := recordOf(ctx)
			rec.mu.Lock()
			defer rec.mu.Unlock()
			rec.waits++
		},
		Done: func(ctx context.Context, d transport.Done) {
			w.told(d)
			rec := recordOf(ctx)
			rec.mu.Lock()
			defer rec.mu.Unlock()
			rec.done++
		},
	}
}

// budgetOf names the budget that an attempt draws on, empty for none.
func (w *world) budgetOf(rec *record, token string) string {
	resource := rec.step.resource(w.plan.Provider)
	if resource == "" {
		return ""
	}
	return w.accountOf(token) + "/" + resource
}

func (w *world) accountOf(token string) string {
	for _, l := range w.labels {
		if l.token == token {
			return l.account
		}
	}
	return ""
}

// onAttempt wants no attempt on what the client knows to be spent. The clock
// must have moved since it was told, because a lease is granted a moment before
// its attempt; so that only virtual time can say it.
func (w *world) onAttempt(rec *record, a transport.Attempt) {
	budget := w.budgetOf(rec, a.Label)
	if budget == "" || !w.plan.Way.virtual() {
		return
	}
	now := time.Now()
	w.rests.mu.Lock()
	defer w.rests.mu.Unlock()
	for _, r := range w.rests.until[budget] {
		if now.After(r.told) && now.Before(r.until.Add(-slack)) {
			w.violate("I5/I6: call %s asked %s at %s, though it was told at %s that it rests until %s",
				rec.name, budget, clock(now), clock(r.told), clock(r.until))
			return
		}
	}
}

func clock(t time.Time) string { return t.Format("15:04:05.000") }

// onAnswer takes down what an answer told of its budget. The lease is settled
// by then. A walk asks for several pages at once, so that nobody knows which
// answer it is.
func (w *world) onAnswer(rec *record, a transport.Answer) {
	last := rec.last()
	budget := w.budgetOf(rec, a.Label)
	if rec.walk || last == nil || last.err != nil || budget == "" || last.said == rejected {
		return
	}
	now := time.Now()
	until := w.restOf(last, now)
	w.rests.mu.Lock()
	defer w.rests.mu.Unlock()
	if until.After(now) {
		w.rests.until[budget] = append(w.rests.until[budget], rest{now, until})
	}
	if ends, ok := resetOf(last.header, last.over); ok && last.said == answered {
		w.rests.known[budget] = append(w.rests.known[budget], window{now, ends})
	}
}

// restOf returns until when an answer tells that a budget rests.
func (w *world) restOf(a *attempt, now time.Time) time.Time {
	left := remaining(a.header)
	ends, known := resetOf(a.header, a.over)
	if known && left == 0 && (a.said != failed) {
		return ends
	}
	if a.said != limited || w.plan.Provider == tokens.GitLab { // GitLab's rest a route
		return time.Time{}
	}
	if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err == nil {
		return now.Add(time.Duration(seconds) * time.Second)
	}
	if w.plan.Provider == tokens.Bitbucket {
		return now.Add(time.Minute)
	}
	return time.Time{}
}

// remaining is what an answer says is left, -1 if it does not.
func remaining(h http.Header) int {
	for _, key := range []string{"X-Ratelimit-Remaining", "Ratelimit-Remaining"} {
		if n, err := strconv.Atoi(h.Get(key)); err == nil {
			return n
		}
	}
	return -1
}

// resetOf returns when an answer's window ends, by the local clock.
func resetOf(h http.Header, over time.Time) (time.Time, bool) {
	for _, key := range []string{"X-Ratelimit-Reset", "Ratelimit-Reset"} {
		n, err := strconv.ParseInt(h.Get(key), 10, 64)
		if err != nil {
			continue
		}
		reset := time.Unix(n, 0)
		if date, err := http.ParseTime(h.Get("Date")); err == nil {
			reset = reset.Add(over.Sub(date))
		}
		return reset, true
	}
	return time.Time{}, false
}
