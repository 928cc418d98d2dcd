package quota

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Application is a namespace of rules on a [Server], with a default bucket for each
// user, for what no rule matches.
type Application struct {
	ID         string  `json:"id"`
	Key        Key     `json:"key"`        // the API key of its clients; several may share one
	RefillRate float64 `json:"refillRate"` // of the default bucket, in tokens per second; 0 never refills
	BurstRate  int     `json:"burstRate"`  // of the default bucket; at least 1
}

func (a Application) problems() []string {
	var problems []string
	if a.ID == "" {
		problems = append(problems, "no id")
	}
	if a.Key.Reveal() == "" {
		problems = append(problems, "no key")
	}
	return append(problems, limitProblems(a.RefillRate, a.BurstRate)...)
}

// RuleSpec declares a rule on a [Server]: for an operation, or for a path.
type RuleSpec struct {
	ID         string  `json:"id"`   // made up if empty
	Name       string  `json:"name"` // the matcher if empty
	Operation  string  `json:"operation,omitempty"`
	Path       string  `json:"path,omitempty"`
	HTTPMethod string  `json:"httpMethod,omitempty"` // of a path; empty is any
	RefillRate float64 `json:"refillRate"`           // tokens per second; 0 never refills
	BurstRate  int     `json:"burstRate"`            // at least 1
}

func (r RuleSpec) problems() []string {
	var problems []string
	if (r.Operation == "") == (r.Path == "") {
		problems = append(problems, "a rule is for an operation or for a path")
	}
	if r.Operation != "" && r.HTTPMethod != "" {
		problems = append(problems, "an operation has no method")
	}
	return append(problems, limitProblems(r.RefillRate, r.BurstRate)...)
}

func limitProblems(refill float64, burst int) []string {
	var problems []string
	if !(refill >= 0) || math.IsInf(refill, 0) {
		problems = append(problems, fmt.Sprintf("refill rate %v is not a number of 0 or more", refill))
	}
	if burst < 1 || burst > math.MaxInt32 {
		problems = append(problems, fmt.Sprintf("burst rate %d is not from 1 to %d", burst, math.MaxInt32))
	}
	return problems
}

// An application is what a Server knows of one. The server's lock guards it.
type application struct {
	Application
	key   digest
	rules []*serverRule // by precedence
	made  int           // rules made so far, for their ids
}

type serverRule struct {
	spec    RuleSpec
	rule    Rule
	matcher matcher
}

func newServerRule(spec RuleSpec) *serverRule {
	text := cmp.Or(spec.Operation, spec.Path)
	spec.HTTPMethod = strings.ToUpper(spec.HTTPMethod)
	spec.Name = cmp.Or(spec.Name, text)
	return &serverRule{
		spec: spec,
		rule: Rule{
			ID: spec.ID, Name: spec.Name, RefillRate: spec.RefillRate, BurstRate: spec.BurstRate,
			Matcher: text, HTTPMethod: spec.HTTPMethod,
		},
		matcher: newMatcher(spec.Operation != "", text, spec.HTTPMethod),
	}
}

// add takes a rule in, or says which one stands in its way.
func (a *application) add(spec RuleSpec) (RuleSpec, error) {
	r := newServerRule(spec)
	if spec.ID == a.defaultID() {
		return RuleSpec{}, fmt.Errorf("%w: %q is the default bucket", ErrConflict, spec.ID)
	}
	for _, other := range a.rules {
		switch {
		case other.spec.ID == r.spec.ID:
			return RuleSpec{}, fmt.Errorf("%w: there is a rule %q", ErrConflict, r.spec.ID)
		case other.matcher.operations == r.matcher.operations && other.matcher.text == r.matcher.text && other.matcher.method == r.matcher.method:
			return RuleSpec{}, fmt.Errorf("%w: rule %q is for the same", ErrConflict, other.spec.ID)
		}
	}
	for r.spec.ID == "" {
		a.made++
		id := fmt.Sprintf("rule-%d", a.made)
		if !slices.ContainsFunc(a.rules, func(o *serverRule) bool { return o.spec.ID == id }) {
			r.spec.ID, r.rule.ID = id, id
		}
	}
	a.rules = append(a.rules, r)
	slices.SortStableFunc(a.rules, func(x, y *serverRule) int { return byPrecedence(&x.matcher, &y.matcher) })
	return r.spec, nil
}

// ruleFor returns the rule that t falls under.
func (a *application) ruleFor(t Target) Rule {
	if i := best(a.rules, func(r *serverRule) *matcher { return &r.matcher }, t); i >= 0 {
		return a.rules[i].rule
	}
	return Rule{
		ID:         a.defaultID(),
		Name:       "Default",
		RefillRate: a.RefillRate,
		BurstRate:  a.BurstRate,
		IsDefault:  true,
	}
}

func (a *application) defaultID() string { return a.ID + ":default" }
