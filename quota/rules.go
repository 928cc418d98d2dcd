package quota

import (
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
)

// maxLearned bounds what a client remembers of rules and targets. It then begins
// anew, which costs calls to the service and nothing else.
const maxLearned = 1024

// A rule is what a client knows of a rule of the service. Its address is what
// buckets go by, so it stays the same when the service changes the rule.
type rule struct {
	key   ruleKey
	salt  uint64 // spreads the buckets of one user
	known atomic.Pointer[knownRule]
}

type knownRule struct {
	Rule
	matcher matcher
}

// A ruleKey tells rules apart. Answers do not say whether a rule is for operations
// or for paths; the request that was answered does.
type ruleKey struct {
	id         string
	operations bool
	target     Target // if the answer names no rule
}

// matcherOf returns the rule's matcher. It changes with the rule.
func matcherOf(r *rule) *matcher { return &r.known.Load().matcher }

// A ruleBook remembers the rules that answers named. Readers take no lock.
type ruleBook struct {
	mu   sync.Mutex // held by who writes
	page atomic.Pointer[rulePage]
}

// A rulePage is immutable but for what the rules point to.
type rulePage struct {
	told   map[Target]*rule // what the service said of a target; nil is the default bucket
	byKey  map[ruleKey]*rule
	sorted []*rule // by precedence
}

// find returns the rule that t falls under, nil if none is known to, and whether the
// service has said that this is the default bucket.
func (b *ruleBook) find(t Target) (r *rule, isDefault bool) {
	page := b.page.Load()
	if r, ok := page.told[t]; ok {
		return r, r == nil
	}
	if i := best(page.sorted, matcherOf, t); i >= 0 {
		return page.sorted[i], false
	}
	return nil, false
}

// learn remembers that the service found t to fall under the rule is, and returns
// it, nil for the default bucket.
func (b *ruleBook) learn(t Target, is Rule) *rule {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.page.Load()
	key := ruleKey{id: is.ID, operations: t.Operation != ""}
	if is.ID == "" {
		key.target = t
	}
	r := old.byKey[key]
	said, told := old.told[t]
	if is.IsDefault {
		if !told || said != nil {
			b.write(old, func(page *rulePage) { page.told[t] = nil })
		}
		return nil
	}
	changed := r == nil || r.known.Load().Rule != is
	if told && said == r && !changed {
		return r
	}
	if r == nil {
		r = &rule{key: key, salt: rand.Uint64()}
	}
	if changed {
		r.known.Store(&knownRule{Rule: is, matcher: newMatcher(key.operations, is.Matcher, is.HTTPMethod)})
	}
	b.write(old, func(page *rulePage) {
		page.told[t] = r
		page.byKey[key] = r
		if !slices.Contains(page.sorted, r) && is.Matcher != "" {
			page.sorted = append(page.sorted, r)
		}
		slices.SortStableFunc(page.sorted, func(x, y *rule) int { return byPrecedence(matcherOf(x), matcherOf(y)) })
	})
	return r
}

// write replaces the page by a changed copy. The caller holds the lock.
func (b *ruleBook) write(old *rulePage, change func(*rulePage)) {
	page := &rulePage{told: map[Target]*rule{}, byKey: map[ruleKey]*rule{}}
	if len(old.told) < maxLearned {
		page = &rulePage{told: maps.Clone(old.told), byKey: maps.Clone(old.byKey), sorted: slices.Clone(old.sorted)}
	}
	change(page)
	b.page.Store(page)
}

// reset forgets everything.
func (b *ruleBook) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.page.Store(&rulePage{told: map[Target]*rule{}, byKey: map[ruleKey]*rule{}})
}
