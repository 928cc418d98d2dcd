package pool_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/pool"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
)

// headed is an error with an HTTP status and header, as AWS's are.
type headed struct {
	code   int
	header http.Header
}

func (e headed) Error() string               { return "headed" }
func (e headed) HTTPStatusCode() int         { return e.code }
func (e headed) ResponseHeader() http.Header { return e.header }

func TestClassify_knows_errors_by_what_they_can_be_asked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		soon := time.Now().Add(90 * time.Second)
		for _, tt := range []struct {
			name string
			err  error
			want pool.Verdict
		}{
			{"any", errBroken, pool.Verdict{}},
			{"RetryAt", fmt.Errorf("wrapped: %w", limit{soon}), pool.Verdict{Outcome: pool.Limited, Reset: soon}},
			{"RetryAt zero", limit{}, pool.Verdict{}},
			{"rate limited", fmt.Errorf("x: %w", tokens.ErrRateLimited), pool.Verdict{Outcome: pool.Limited}},
			{"429", status(429), pool.Verdict{Outcome: pool.Limited}},
			{"429 with Retry-After", headed{429, http.Header{"Retry-After": {"90"}}}, pool.Verdict{Outcome: pool.Limited, Reset: soon}},
			{"429 with a reset", headed{429, http.Header{"Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"90"}}}, pool.Verdict{Outcome: pool.Limited, Reset: soon}},
			{"503 with Retry-After", headed{503, http.Header{"Retry-After": {"90"}}}, pool.Verdict{Outcome: pool.Limited, Reset: soon}},
			{"403", status(403), pool.Verdict{Outcome: pool.Refused}},
			{"403 with Retry-After", headed{403, http.Header{"Retry-After": {"90"}}}, pool.Verdict{Outcome: pool.Limited, Reset: soon}},
			{"401", status(401), pool.Verdict{Outcome: pool.Dead}},
			{"404", status(404), pool.Verdict{Outcome: pool.Refused}},
			{"408", status(408), pool.Verdict{}},
			{"500", status(500), pool.Verdict{}},
			{"200", status(200), pool.Verdict{}},
			{"providers limited", &providers.Error{Kind: providers.ErrRateLimited, Status: 403, Refusal: &providers.Refusal{Reset: soon}}, pool.Verdict{Outcome: pool.Limited, Reset: soon}},
			{"providers unauthorized", &providers.Error{Kind: providers.ErrUnauthorized, Status: 401}, pool.Verdict{Outcome: pool.Dead}},
			{"providers not found", &providers.Error{Kind: providers.ErrNotFound, Status: 404}, pool.Verdict{Outcome: pool.Refused}},
			{"providers unavailable", &providers.Error{Kind: providers.ErrUnavailable, Status: 502}, pool.Verdict{}},
		} {
			if got := pool.Classify(tt.err); got.Outcome != tt.want.Outcome || !got.Reset.Equal(tt.want.Reset) {
				t.Errorf("%s: Classify() = %v, want %v", tt.name, got, tt.want)
			}
		}
	})
}

func TestOutcome_has_a_name_and_a_verdict_that_is_none_has_failed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for o := pool.Failed; o <= pool.Unopened; o++ {
		if seen[o.String()] || o.String() == "" {
			t.Errorf("outcome %d is %q", o, o)
		}
		seen[o.String()] = true
	}
	if got := (pool.Unopened + 1).String(); got != "Outcome(9)" {
		t.Errorf("String() = %q", got)
	}
	a := &api{}
	c := config(a, "k1")
	c.Classify = func(error) pool.Verdict { return pool.Verdict{Outcome: pool.Succeeded} }
	p := newPool(t, c)
	if _, err := pool.Do(t.Context(), p, a.ask(map[string]error{"k1": errBroken})); !errors.Is(err, errBroken) {
		t.Errorf("Do() = %v", err)
	}
	equal(t, "attempts", a.outcomes(), []string{"k1 failed"})
}

func TestAnswer_tells_of_every_attempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		p := newPool(t, config(a, "k1", "k2"))
		refuse := a.ask(map[string]error{"k1": limitFor(time.Minute)})
		_, err := pool.DoWith(t.Context(), p, pool.Call[string]{Operation: "price"}, slowly(refuse))
		if err != nil || len(a.answers) != 2 {
			t.Fatalf("%d answers, %v", len(a.answers), err)
		}
		one, two := a.answers[0], a.answers[1]
		if one.Provider != "acme" || one.Token != "acme/k1" || one.Label != "k1" || one.Operation != "price" || one.Number != 1 ||
			one.Outcome != pool.Limited || one.Duration != time.Second || one.Until.IsZero() || !one.Time.Equal(two.Time.Add(-time.Second)) {
			t.Errorf("the first is %+v", one)
		}
		if two.Token != "acme/k2" || two.Number != 2 || two.Outcome != pool.Succeeded || !two.Until.IsZero() {
			t.Errorf("the second is %+v", two)
		}
	})
}
