package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-github/v66/github"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/tokens"
)

const alice, bob = "example-token-alice", "example-token-bob"

// newSim returns a GitHub in memory with 250 repositories, which are three
// pages, and a client with a fleet of both tokens.
func newSim(t *testing.T) (*fleettest.GitHub, *github.Client) {
	t.Helper()
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{alice, bob},
		Organizations: []fleettest.Owner{{Login: "golang", Repositories: 250}},
	})
	fleet, err := fleetOf(sim, alice, bob)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fleet.Close() })
	return sim, github.NewClient(fleet.HTTPClient(tokens.GitHub))
}

// A token that is revoked is nothing that the code under test gets to see.
func TestCount_goes_on_with_the_other_token_if_one_is_revoked(t *testing.T) {
	t.Parallel()
	sim, gh := newSim(t)
	sim.Revoke(alice)

	got, err := count(t.Context(), gh, "golang")
	if err != nil {
		t.Fatal(err)
	}
	if want := 250; got != want {
		t.Errorf("count() = %d, want %d", got, want)
	}
	for _, r := range sim.Requests() {
		if r.Status == 200 && r.Account != "user-2" {
			t.Errorf("%s %s was served for %q, want user-2", r.Method, r.URL, r.Account)
		}
	}
}

// In a bubble an hour passes as soon as all there is to do is wait for it.
func TestCount_waits_for_the_reset_if_all_is_spent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim, gh := newSim(t)
		sim.SetRemaining(alice, "core", 1)
		sim.SetRemaining(bob, "core", 1)

		start := time.Now()
		got, err := count(t.Context(), gh, "golang")
		if err != nil {
			t.Fatal(err)
		}
		if want := 250; got != want {
			t.Errorf("count() = %d, want %d", got, want)
		}
		if took := time.Since(start); took < time.Hour || took > time.Hour+10*time.Second {
			t.Errorf("count() took %v, want an hour and some seconds", took)
		}
		if n := sim.Stats().RefusedPrimary; n != 0 {
			t.Errorf("the host refused %d requests, want none", n)
		}
	})
}

// A program that cannot wait so long gives its calls a deadline.
func TestCount_fails_at_once_if_the_reset_comes_too_late(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim, gh := newSim(t)
		sim.SetRemaining(alice, "core", 1)
		sim.SetRemaining(bob, "core", 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()

		start := time.Now()
		_, err := count(ctx, gh, "golang")
		var exhausted *tokens.ExhaustedError
		if !errors.As(err, &exhausted) {
			t.Fatalf("count() = %v, want a *tokens.ExhaustedError", err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("count() failed after %v, want at once", took)
		}
		if wait := time.Until(exhausted.ReadyAt); wait < 59*time.Minute {
			t.Errorf("ReadyAt is in %v, want in about an hour", wait)
		}
	})
}

// What the host does wrong can be written down, too.
func TestCount_tells_of_a_host_that_fails(t *testing.T) {
	t.Parallel()
	sim, gh := newSim(t)
	sim.Inject(fleettest.Fault{After: 1, Status: 502, Times: -1})

	got, err := count(t.Context(), gh, "golang")
	if err == nil || !strings.Contains(err.Error(), "502") {
		t.Errorf("count() = %v, want an error that tells of the 502", err)
	}
	if want := 100; got != want {
		t.Errorf("count() = %d, want the %d of the first page", got, want)
	}
}

// A fault's Match sees every request, also if it lets all of them pass.
func TestCount_keeps_the_header_of_the_library(t *testing.T) {
	t.Parallel()
	sim, gh := newSim(t)
	gh.UserAgent = "counter/1.0"
	var header http.Header
	sim.Inject(fleettest.Fault{Match: func(r *http.Request) bool {
		header = r.Header.Clone()
		return false
	}})

	if _, err := count(t.Context(), gh, "golang"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"User-Agent":           "counter/1.0",
		"Accept":               "application/vnd.github",
		"X-Github-Api-Version": "20",
	} {
		if got := header.Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q arrived, want it to begin with %q", name, got, want)
		}
	}
}

func TestRun_counts(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "250 repositories\n"; got != want {
		t.Errorf("run() printed %q, want %q", got, want)
	}
}
