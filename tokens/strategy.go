package tokens

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// Strategy chooses among the tokens that could serve a call. Those with the
// highest [Token.Priority] are asked for first, whatever the strategy.
//
// Pick returns the index of the one to use; candidates has at least one element
// and is valid during the call only. It is called with the manager's lock held
// and must neither block nor call the manager. A strategy that is given to
// several managers must be safe for concurrent use. An index out of range counts
// as 0.
//
// A Strategy of the user's own is shown every token that could serve, so that the time
// of a call grows with their number. Those that [ParseStrategy] returns are not asked:
// the host keeps its tokens in their order, in which the first is found at once. Their
// Pick is for strategies that are made of them.
type Strategy interface {
	Pick(now time.Time, candidates []Candidate) int
}

// Candidate is a token that could serve a call, with the numbers of the budget
// that the call draws on.
type Candidate struct {
	ID               ID
	Label            string
	Account          string // as TokenInfo has it
	Order            int    // in which the tokens of the host were added, from 0
	Weight           int    // as declared; at least 1
	Limit, Remaining ratelimit.Optional[int64]
	Reset            time.Time // of the window, by the local clock; zero means unknown
	LastUsed         time.Time // zero means never
	Calls            uint64    // leases of the token so far
	InFlight         int       // requests under way with the token's account
}

// StrategyFunc is a function that is a [Strategy].
type StrategyFunc func(now time.Time, candidates []Candidate) int

// Pick implements [Strategy].
func (f StrategyFunc) Pick(now time.Time, candidates []Candidate) int { return f(now, candidates) }

// strategies makes the strategies that have a name. The first is the default, for which
// a nil Strategy stands. The others are orderings.
var strategies = []struct {
	name string
	make func() Strategy
}{
	{"most_remaining", func() Strategy { return nil }},
	{"lru", func() Strategy { return byLead{leastRecentlyUsed, rungOfUse} }},
	{"round_robin", func() Strategy { return &roundRobin{last: -1} }},
	{"random", func() Strategy { return lottery{anyOne, evenly} }},
	{"weighted", func() Strategy { return lottery{weighted, byWeight} }},
	{"least_used", func() Strategy { return byLead{leastUsed, rungOfCalls} }},
	{"earliest_reset", func() Strategy { return byLead{earliestReset, rungOfReset} }},
}

// ParseStrategy returns a strategy by its name:
//
//   - most_remaining, the default, which is the nil Strategy: the largest share of
//     the limit left, unknown ones first, among equals the least recently used;
//   - lru: the least recently used;
//   - round_robin: in the order in which the tokens were added, each once a round;
//   - random: any, each as likely;
//   - weighted: any, as likely as its [Token.Weight];
//   - least_used: the one with the fewest calls so far;
//   - earliest_reset: the one whose window ends first, so that what is left in it
//     is not lost; those without a known window last, the least recently used first.
func ParseStrategy(name string) (Strategy, error) {
	names := make([]string, len(strategies))
	for i, s := range strategies {
		if s.name == name {
			return s.make(), nil
		}
		names[i] = s.name
	}
	return nil, fmt.Errorf("gitfleet: unknown strategy %q: want one of %s", name, strings.Join(names, ", "))
}

// SetStrategy changes how tokens are chosen from now on; nil is the default.
// What is known of the tokens is kept; among thousands some still stand where they did
// for the next calls. Services of the user's own have strategies
// of their own, see [Host.SetStrategy].
func (m *Manager) SetStrategy(s Strategy) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.config.Strategy = s
	for _, h := range *m.hosts.Load() {
		if !h.isService() {
			h.SetStrategy(s)
		}
	}
}

// SetStrategy changes how tokens of the host are chosen from now on; nil is the
// default. [Manager.SetStrategy] changes it again, but for a service.
func (h *Host) SetStrategy(s Strategy) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.adopt(s)
}

// adopt has tokens chosen by a strategy from now on.
func (h *Host) adopt(s Strategy) {
	was := h.ordering
	h.ordering, _ = s.(ordering)
	h.orderings++
	if h.strategy = s; h.ordering != nil {
		h.strategy = nil // nobody need be asked
	}
	if was == nil && h.ordering == nil {
		return
	}
	now := time.Now()
	for _, l := range h.lanes {
		l.reorder(now)
	}
}

func leastRecentlyUsed(_ time.Time, cs []Candidate) int {
	return first(cs, func(a, b *Candidate) bool { return a.LastUsed.Before(b.LastUsed) })
}

func leastUsed(_ time.Time, cs []Candidate) int {
	return first(cs, func(a, b *Candidate) bool { return a.Calls < b.Calls })
}

func earliestReset(_ time.Time, cs []Candidate) int {
	return first(cs, func(a, b *Candidate) bool {
		if a.Reset.Equal(b.Reset) {
			return a.LastUsed.Before(b.LastUsed)
		}
		return !a.Reset.IsZero() && (b.Reset.IsZero() || a.Reset.Before(b.Reset))
	})
}

// first returns the first candidate that no other comes before.
func first(cs []Candidate, before func(a, b *Candidate) bool) int {
	best := 0
	for i := range cs {
		if before(&cs[i], &cs[best]) {
			best = i
		}
	}
	return best
}

func anyOne(_ time.Time, cs []Candidate) int { return rand.IntN(len(cs)) }

func weighted(_ time.Time, cs []Candidate) int {
	sum := 0
	for _, c := range cs {
		sum += c.Weight
	}
	n := rand.IntN(sum)
	for i, c := range cs {
		if n -= c.Weight; n < 0 {
			return i
		}
	}
	return 0
}

// roundRobin goes round the tokens in their order.
type roundRobin struct {
	mu   sync.Mutex
	last int
}

// Pick implements [Strategy].
func (r *roundRobin) Pick(_ time.Time, cs []Candidate) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.last
	i := first(cs, func(a, b *Candidate) bool {
		if past := a.Order > last; past != (b.Order > last) {
			return past
		}
		return a.Order < b.Order
	})
	r.last = cs[i].Order
	return i
}

// choose returns what the strategy picks among the candidates that no other
// outranks, or nil if there is none. Unlike best it looks at every budget.
func (l *lane) choose(r *Request, now time.Time) (*budget, *entry) {
	h := l.host
	h.candidates, h.chosen = h.candidates[:0], h.chosen[:0]
	for b := range l.open(r.audience) {
		if r.Tried.hasAccount(b.account) || !b.ready(r.Draw, now) {
			continue
		}
		e := b.account.pick(r)
		if e == nil {
			continue
		}
		if len(h.chosen) > 0 {
			switch first := h.chosen[0].e; {
			case first.outranks(e):
				continue
			case e.outranks(first):
				h.candidates, h.chosen = h.candidates[:0], h.chosen[:0]
			}
		}
		h.candidates = append(h.candidates, b.candidate(e))
		h.chosen = append(h.chosen, choice{b, e})
	}
	if len(h.chosen) == 0 {
		return nil, nil
	}
	i := h.strategy.Pick(now, h.candidates)
	if i < 0 || i >= len(h.chosen) {
		i = 0
	}
	return h.chosen[i].b, h.chosen[i].e
}

// choice is what a candidate stands for.
type choice struct {
	b *budget
	e *entry
}

func (b *budget) candidate(e *entry) Candidate {
	return Candidate{
		ID:        e.id,
		Label:     e.token.Label,
		Account:   b.account.name,
		Order:     e.order,
		Weight:    max(1, e.token.Weight),
		Limit:     b.limit,
		Remaining: b.left(),
		Reset:     b.ends,
		LastUsed:  e.lastUsed,
		Calls:     e.calls,
		InFlight:  b.account.inFlight,
	}
}
