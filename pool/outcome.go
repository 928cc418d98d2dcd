package pool

import (
	"context"
	"fmt"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// Outcome is what came of one attempt.
type Outcome uint8

// The outcomes. All but Succeeded, TimedOut, Canceled, Unwanted and Unopened are
// what a [Verdict] may say.
const (
	Failed    Outcome = iota // for a reason that may pass, or that nobody knows
	Succeeded                // without an error
	Limited                  // the key has reached a limit; the call goes on with another
	Dead                     // the API does not take the key; the call goes on with another
	Refused                  // the call itself is at fault: no key would help, and this one is fine
	TimedOut                 // it took longer than PoolConfig.Timeout; counts like Failed
	Canceled                 // the caller's context ended; says nothing of the key
	Unwanted                 // Call.RetryIf did not want the result
	Unopened                 // Config.Open failed, so that nothing was called; counts like Failed
)

var outcomeNames = [...]string{
	"failed", "succeeded", "limited", "dead", "refused", "timed_out", "canceled", "unwanted", "unopened",
}

// String returns the outcome in snake_case, such as "timed_out".
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// countsAgainst reports whether the outcome is one more failure of the key.
func (o Outcome) countsAgainst() bool { return o == Failed || o == TimedOut || o == Unopened }

// Answer is what came of one attempt of a call, as [Config].Answer is told. It holds no
// part of a key.
type Answer struct {
	Time      time.Time // when it was over
	Provider  tokens.ProviderType
	Token     tokens.ID     // of the key
	Label     string        // of the key
	Operation string        // as Call.Operation says; "check" for those of Check
	Number    int           // of this attempt, from 1
	Outcome   Outcome       // what came of it
	Duration  time.Duration // of the function, and of Open if it was the first with its key

	// Until is when the key can be used again, if this attempt had it rest.
	// Zero if it did not.
	Until time.Time
}

func (p *Pool[C]) answered(ctx context.Context, a Answer) {
	if p.config.Answer == nil {
		return
	}
	a.Time = time.Now()
	a.Provider = p.config.Provider
	p.config.Answer(ctx, a)
}
