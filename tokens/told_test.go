package tokens_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// naming is an answer with numbers of a resource.
func naming(resource string, o ratelimit.Observation) ratelimit.Observation {
	o.Resource = resource
	return o
}

func TestI6_Answers_that_name_ever_more_resources_make_64_and_count_beyond(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", ""))
	tell(t, h, "core", left(5000, 1000, time.Hour))
	for i := range 200 {
		tell(t, h, "core", naming(fmt.Sprint("r", i), left(10, 5, time.Hour)))
	}
	s := status(t, m, "a")
	if got := len(s.Budgets); got != 1+64 {
		t.Errorf("%d budgets, want core and 64", got)
	}
	if got, want := s.Remaining.Or(-1), int64(1000-(200-64)); got != want {
		t.Errorf("%d of core are left, want %d: calls whose answers name another one too many count", got, want)
	}
	if got := s.Budgets["r0"]; got.Remaining.Or(-1) != 5 {
		t.Errorf("r0 is %v, want what was told of it", got)
	}
	tell(t, h, "core", naming("r0", left(10, 4, time.Hour)))
	tell(t, h, "asked for", left(10, 3, time.Hour))
	s = status(t, m, "a")
	if s.Budgets["r0"].Remaining.Or(-1) != 4 || s.Budgets["asked for"].Remaining.Or(-1) != 3 {
		t.Errorf("budgets %v, want those that were there or are drawn on as told", s.Budgets)
	}
	tell(t, h, "core", naming("one more", spent(10, time.Hour)))
	if s = status(t, m, "a"); s.State != tokens.Limited || time.Until(s.Until) > time.Minute {
		t.Errorf("status %v, want core to rest as after a refusal without numbers", s)
	}
}

func TestI6_An_answer_that_names_a_resource_at_length_makes_none(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", ""))
	tell(t, h, "core", naming(strings.Repeat("r", 101), left(10, 5, time.Hour)))
	tell(t, h, "core", naming(strings.Repeat("r", 100), left(10, 5, time.Hour)))
	if got := len(status(t, m, "a").Budgets); got != 2 {
		t.Errorf("%d budgets, want core and the one with the shorter name", got)
	}
}

func TestAnswered_reads_a_resource_beyond_the_bound_as_none(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHub("a", ""))
	for i := range 65 {
		header := http.Header{
			"X-Ratelimit-Limit": {"10"}, "X-Ratelimit-Remaining": {"5"}, "X-Ratelimit-Used": {"5"},
			"X-Ratelimit-Reset": {fmt.Sprint(time.Now().Add(time.Hour).Unix())}, "X-Ratelimit-Resource": {fmt.Sprint("r", i)},
		}
		o := lease(t, h, on("core")).Answered(ratelimit.Request{Method: http.MethodGet, URL: mustParse(t, "https://api.github.com/user")},
			ratelimit.Response{Status: 200, Header: header})
		if named := i < 64; (o.Resource != "") != named || o.Remaining.IsKnown() != named || (o.Scope == ratelimit.TokenNumbers) != named {
			t.Errorf("answer %d reads %+v", i, o)
		}
	}
}

func TestPrime_books_64_resources_at_most(t *testing.T) {
	t.Parallel()
	var doc strings.Builder
	for i := range 200 {
		fmt.Fprintf(&doc, `,"r%d":{"limit":10,"remaining":5,"reset":%d}`, i, time.Now().Add(time.Hour).Unix())
	}
	m := manager(t, tokens.Config{Base: answering(200, `{"resources":{`+doc.String()[1:]+`}}`)}, gitHub("a", ""))
	if err := m.Prime(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(status(t, m, "a").Budgets); got > 1+64 {
		t.Errorf("%d budgets, want 64 and the one of the question", got)
	}
}
