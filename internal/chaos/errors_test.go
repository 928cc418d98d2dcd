package chaos_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// checkError wants an error of a kind that is documented, and with a reason.
func (w *world) checkError(rec *record) {
	var exhausted *tokens.ExhaustedError
	var unavailable *transport.UnavailableError
	err := rec.err
	switch {
	case errors.As(err, &exhausted):
		w.checkExhausted(rec, exhausted)
	case errors.As(err, &unavailable):
		if w.plan.Policy.BreakAfter < 0 {
			w.violate("call %s: %v, though nothing may stop it", rec.name, err)
		}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		if rec.ctxErr == nil {
			w.violate("call %s: %v, though its context has not ended", rec.name, err)
		}
	case errors.Is(err, os.ErrDeadlineExceeded):
		if w.plan.Policy.Timeout == 0 {
			w.violate("call %s: %v, though it has no timeout", rec.name, err)
		}
		if !rec.walk && rec.step.Kind != redirected && w.lasted(rec) < w.plan.Policy.Timeout {
			w.violate("call %s: %v, though it was not so long", rec.name, err)
		}
	case rec.walk:
		if _, ok := errors.AsType[*providers.Error](err); !ok {
			w.violate("%s: an error of type %T: %v", rec.name, err, err)
		}
	case !w.plan.breaks(err):
		w.violate("call %s: an error that nothing has caused, of type %T: %v", rec.name, err, err)
	}
}

// lasted returns how long the last request of a call took, the one that was given up. A
// busy machine may stop a call between the start of its clock and the request: over
// sockets, where time is real, only what the whole call took is certain to be as much.
func (w *world) lasted(rec *record) time.Duration {
	if !w.plan.Way.virtual() {
		return rec.ended.Sub(rec.began)
	}
	last := rec.last()
	return last.over.Sub(last.sent)
}

// checkExhausted wants it said only if waiting was not allowed.
func (w *world) checkExhausted(rec *record, e *tokens.ExhaustedError) {
	if len(e.States) == 0 || e.Tokens != len(w.labels) {
		w.violate("call %s: the error counts %d tokens in %v, want %d", rec.name, e.Tokens, e.States, len(w.labels))
	}
	if rec.walk || e.ReadyAt.IsZero() || rec.waits >= transport.MaxWaits || w.plan.Policy.MaxWait != 0 || rec.step.Ends != 0 {
		return
	}
	if wait := e.ReadyAt.Sub(rec.began); wait < tokens.DefaultMaxWait-slack {
		w.violate("I9: call %s was told to come again after %v, and could have waited so long", rec.name, wait)
	}
}

// checkRefusal wants a limit's refusal handed back only if the call could not go
// on: five waits of ten minutes are within MaxWait.
func (w *world) checkRefusal(rec *record) {
	p := w.plan.Policy
	patient := p.MaxWait == 0 && p.MaxAttempts == 0 && rec.step.Ends == 0 && w.plan.Window <= 10*time.Minute
	if patient && rec.step.replayable(p) && rec.waits < transport.MaxWaits && len(rec.attempts) < transport.DefaultMaxAttempts && w.plan.honest() {
		w.violate("I8: call %s was handed a refusal after %d attempts and %d waits, and could have gone on", rec.name, len(rec.attempts), rec.waits)
	}
}

// breaks reports whether err is what a fault of the plan looks like.
func (p plan) breaks(err error) bool {
	if len(p.Faults) == 0 {
		return false
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	for _, text := range []string{
		"connection reset", "broken pipe", "closed pipe", "server closed", "http2:", "stream error",
		"malformed", "certificate", "use of closed", "connection broken", "gzip", "GOAWAY", "stopped after 10 redirects",
	} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// checkBudgets wants no more refusals for a spent budget than cannot be helped.
// They can be while the numbers are true: five calls may find out what is left,
// and then the client knows.
func (w *world) checkBudgets() {
	if !w.plan.honest() {
		return
	}
	refused := map[string]int{}
	for _, rec := range w.records {
		for _, a := range rec.attempts {
			ends, ok := resetOf(a.header, a.over)
			if a.said != limited || remaining(a.header) != 0 || !ok || a.header.Get(speedHeader) != "" {
				continue
			}
			budget := w.budgetOf(rec, a.token)
			refused[budget+"/"+ends.Round(time.Minute/6).String()]++
			w.checkUnknowing(rec, a, budget, ends)
		}
	}
	for budget, n := range refused {
		if n > 5 {
			w.violate("I5: %d requests to %s were refused in one window, at most 5 cannot be helped", n, budget)
		}
	}
}

// checkUnknowing wants that what is left of a window was unknown when a request
// went out that found it spent.
func (w *world) checkUnknowing(rec *record, a *attempt, budget string, ends time.Time) {
	if !w.plan.Way.virtual() {
		return
	}
	for _, k := range w.rests.known[budget] {
		if a.sent.After(k.told) && k.ends.Sub(ends).Abs() < slack {
			w.violate("I5: call %s met a spent %s at %s, though what was left was known since %s",
				rec.name, budget, clock(a.sent), clock(k.told))
			return
		}
	}
}
