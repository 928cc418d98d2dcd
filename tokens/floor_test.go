package tokens_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// lent returns a token that leaves a floor.
func lent(name, account string, f tokens.Floor) tokens.Token {
	token := labelled(name, account)
	token.Floor = f
	return token
}

func TestFloor_calls_are_left_of_the_main_budget_and_per_cent_of_every_one(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		tokens   []tokens.Token
		resource string
		limit    int64
		want     int // leases of a budget with 60 left
	}{
		{"none", []tokens.Token{lent("a", "", tokens.Floor{})}, "core", 100, 60},
		{"calls", []tokens.Token{lent("a", "", tokens.Floor{Calls: 50})}, "core", 100, 10},
		{"calls of another resource", []tokens.Token{lent("a", "", tokens.Floor{Calls: 50})}, "search", 100, 60},
		{"per cent", []tokens.Token{lent("a", "", tokens.Floor{Percent: 20})}, "search", 100, 40},
		{"the higher of both", []tokens.Token{lent("a", "", tokens.Floor{Calls: 10, Percent: 20})}, "core", 100, 40},
		{"the higher of two tokens", []tokens.Token{lent("a", "one", tokens.Floor{Calls: 10}), lent("b", "one", tokens.Floor{Calls: 30})}, "core", 100, 30},
		{"in any order", []tokens.Token{lent("a", "one", tokens.Floor{Calls: 30}), lent("b", "one", tokens.Floor{Calls: 10})}, "core", 100, 30},
		{"all of it", []tokens.Token{lent("a", "", tokens.Floor{Percent: 100})}, "core", 100, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, h := gitHubHost(t, tt.tokens...)
			tell(t, h, tt.resource, left(tt.limit, 60, time.Hour))
			if got := len(leaseAll(t, h, on(tt.resource))); got != tt.want {
				t.Errorf("%d leases, want %d", got, tt.want)
			}
		})
	}
}

func TestFloor_a_token_at_its_floor_waits_for_the_reset_and_still_shows_what_it_has(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, lent("a", "", tokens.Floor{Calls: 50}))
		tell(t, h, "core", left(100, 50, time.Minute))
		got := status(t, m, "a")
		if got.State != tokens.Limited || got.Remaining.Or(0) != 50 {
			t.Errorf("status %v with %d left, want limited with 50", got, got.Remaining.Or(0))
		}
		wantWait(t, h, waiting("core"), time.Minute+time.Second)
	})
}

func TestFloor_that_makes_no_sense_is_refused(t *testing.T) {
	t.Parallel()
	for _, f := range []tokens.Floor{{Calls: -1}, {Percent: -1}, {Percent: 101}} {
		_, err := tokens.NewManager(tokens.Config{}, lent("a", "", f))
		if err == nil || !strings.Contains(err.Error(), `token "a": floor of`) {
			t.Errorf("NewManager() with %+v = %v, want an error that names it", f, err)
		}
	}
}
