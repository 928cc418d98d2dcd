package chaos_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// check looks at all that a run has left, once nothing moves any more.
func (w *world) check() {
	for _, rec := range w.records {
		w.checkOutcome(rec)
		w.checkAttempts(rec)
		w.checkBodies(rec)
		w.checkSwaps(rec)
	}
	for _, rec := range w.probes {
		w.checkBodies(rec)
	}
	w.checkTokens()
	w.checkHost()
	w.checkBudgets()
	w.checkSecrets()
}

// checkOutcome wants one outcome of each call, and that it is its own.
func (w *world) checkOutcome(rec *record) {
	last := rec.last()
	switch {
	case rec.panicked != "":
		w.violate("call %s panicked: %s", rec.name, rec.panicked)
	case rec.ended.IsZero():
		w.violate("call %s was lost", rec.name)
	case rec.upload != nil && !rec.upload.closed.Load():
		w.violate("I3: call %s: the request's body was not closed", rec.name)
	case !rec.walk && rec.step.Kind != redirected && rec.done != 1:
		w.violate("call %s was told to be over %d times, want once", rec.name, rec.done)
	case rec.err != nil:
		w.checkError(rec)
	case rec.walk:
	case last == nil && w.plan.Policy.Exhausted != transport.MakeRefusal:
		w.violate("call %s has an answer and was never sent", rec.name)
	case last != nil:
		w.checkAnswer(rec)
	}
	if gone := rec.gone.Load(); gone != 0 && rec.decided.Sub(time.Unix(0, gone)) > time.Minute {
		w.violate("I9: call %s went on for %v when its context had ended", rec.name, rec.decided.Sub(time.Unix(0, gone)))
	}
	if took := rec.ended.Sub(rec.began); took > 3*time.Hour && !rec.walk {
		w.violate("I9: call %s took %v", rec.name, took)
	}
}

// checkAnswer wants the answer to be that of an attempt, whole.
func (w *world) checkAnswer(rec *record) {
	from := slices.IndexFunc(rec.attempts, func(a *attempt) bool { return a.err == nil && a.status == rec.status })
	if made := w.plan.Policy.Exhausted == transport.MakeRefusal && rec.step.Kind == redirected; from < 0 && made {
		return // of a hop that was not sent
	}
	if from < 0 {
		w.violate("call %s: no attempt was answered %d", rec.name, rec.status)
		return
	}
	if rec.response != nil && !w.plan.Policy.RawHeaders && rec.last().said == answered && remaining(rec.response.Header) == 0 {
		w.violate("I14: call %s: an answer that is no refusal says that nothing remains", rec.name)
	}
	last := rec.last()
	if last.said == limited {
		w.checkRefusal(rec)
	}
	if rec.step.Kind == rateLimit || last.body == nil || rec.status != last.status || last.said != answered {
		return
	}
	if rec.whole && last.body.failed.Load() {
		w.violate("I15: call %s: the body broke off, and the caller was not told", rec.name)
	}
	if rec.whole && rec.sum != last.body.sum.Load() {
		w.violate("I3: call %s: the caller read another body than the host sent", rec.name)
	}
}

// checkAttempts wants nothing sent again that was answered, or that must not
// be sent twice.
func (w *world) checkAttempts(rec *record) {
	if rec.walk || rec.step.Kind == redirected {
		return
	}
	most := w.plan.Policy.MaxAttempts
	if most == 0 {
		most = transport.DefaultMaxAttempts
	}
	if len(rec.attempts) > most {
		w.violate("I8: call %s was sent %d times, at most %d were allowed", rec.name, len(rec.attempts), most)
	}
	if len(rec.attempts) > 1 && !rec.step.replayable(w.plan.Policy) {
		w.violate("I8: call %s cannot be replayed and was sent %d times", rec.name, len(rec.attempts))
	}
	retries := 0
	for i, a := range rec.attempts[:max(0, len(rec.attempts)-1)] {
		switch {
		case a.said == answered:
			w.violate("call %s was answered %d by attempt %d and sent again", rec.name, a.status, i+1)
		case a.said == failed && a.method == http.MethodPost:
			w.violate("I8: call %s is a POST and was sent again after attempt %d failed", rec.name, i+1)
		case a.said == failed:
			retries++
		}
	}
	if retries > w.plan.Policy.Retries {
		w.violate("call %s was retried %d times, at most %d were allowed", rec.name, retries, w.plan.Policy.Retries)
	}
}

// replayable reports whether the call's body can be sent again.
func (s step) replayable(p policy) bool {
	return s.body() == "" || s.Replay || p.MaxBodyBuffer > 0
}

// checkSwaps wants nobody asked twice between two waits.
func (w *world) checkSwaps(rec *record) {
	if rec.walk || rec.step.Kind == redirected || w.plan.Policy.Secondary == transport.WaitOut {
		return
	}
	asked := map[string]bool{}
	for i, a := range rec.attempts {
		if i > 0 && a.waitsBefore != rec.attempts[i-1].waitsBefore {
			clear(asked)
		}
		if asked[a.account] || asked["token "+a.token] {
			w.violate("I8: call %s asked %s again without a wait", rec.name, a.token)
		}
		switch a.said {
		case limited:
			asked[a.account] = true
		case rejected:
			asked["token "+a.token] = true
		}
	}
}

// unread is how much of an answer may be read without the caller: what is
// looked into, what is drained, and the buffers of those who read.
const unread = 64<<10 + 256<<10 + 64<<10

// checkBodies wants every answer closed, and little read that nobody wanted.
func (w *world) checkBodies(rec *record) {
	for i, a := range rec.attempts {
		if a.body == nil {
			continue
		}
		if a.body.closed.Load() == 0 {
			w.violate("I3: call %s: the body of answer %d was not closed", rec.name, i+1)
		}
		most := rec.read + unread
		if rec.walk && rec.name != "probe" {
			most = 4 << 20
		}
		if n := a.body.bytes.Load(); n > most {
			w.violate("call %s: %d bytes were read of answer %d, at most %d were to be", rec.name, n, i+1, most)
		}
	}
}

// checkTokens wants no lease out, and nobody dead who has lived all the time.
func (w *world) checkTokens() {
	doubted := map[string]bool{}
	for i, a := range w.plan.Accounts {
		doubted[accountName(i)] = a.Dead
	}
	for _, e := range w.plan.Events {
		doubted[accountName(e.Account)] = doubted[accountName(e.Account)] || e.Kind != otherSpends
	}
	for _, info := range w.manager.AllTokens("") {
		if n := info.Status.InFlight; n != 0 {
			w.violate("I7: %d leases of %s are unsettled", n, info.Label)
		}
		if info.Status.State == tokens.Invalid && !doubted[info.Account] {
			w.violate("I12: %s is alive and was put aside: %s", info.Label, info.Status.Reason)
		}
	}
}

// checkHost wants nothing done twice, and no secret elsewhere.
func (w *world) checkHost() {
	w.host.mu.Lock() // a handler may outlive its connection with HTTP/2
	defer w.host.mu.Unlock()
	for call, n := range w.host.acts {
		if n > 1 && !strings.HasPrefix(call, "walk") {
			w.violate("I8: call %s, a POST, was acted on %d times", call, n)
		}
	}
	for _, leak := range w.host.leaks {
		w.violate("I2: %s brought a credential to another host", leak)
	}
}

// checkSecrets searches all that the product told.
func (w *world) checkSecrets() {
	for _, rec := range w.records {
		if rec.err != nil {
			w.told(rec.err)
		}
		if r := rec.response; r != nil {
			w.told(r.Request.Header)
			w.told(r.Header)
		}
	}
	snapshot, err := json.Marshal(w.manager.Snapshot())
	w.told(string(snapshot) + fmt.Sprint(err))
	w.told(w.manager.AllTokens(""))
	w.told(w.manager)
	if strings.Contains(w.log.String(), canary.Mark) {
		w.violate("I1: a token is in what the product told")
	}
}
