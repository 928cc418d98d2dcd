package fleettest

import (
	"fmt"
	"time"
)

// budget is what one account may spend of one resource, in the way in which
// the host counts.
type budget interface {
	// take spends n and reports whether there was enough.
	take(now time.Time, n int) bool
	// drain spends n, or as much of it as there is.
	drain(now time.Time, n int)
	// setRemaining makes n calls remain now.
	setRemaining(now time.Time, n int)
	// read returns the numbers. resource is the name they are told under.
	read(now time.Time, resource string) numbers
}

var (
	_ budget = (*window)(nil)
	_ budget = (*rolling)(nil)
)

// numbers are what a host could tell about a budget.
type numbers struct {
	limited                bool
	limit, remaining, used int       // used is above limit where refused calls count
	reset                  time.Time // zero where nothing is given back at once
	resource               string
}

// told is what an answer says of n: its reset is by the host's own clock.
func (h *host) told(n numbers) numbers {
	n.reset = n.reset.Add(h.cfg.ClockAhead)
	return n
}

// checkResources panics if cfg limits what the host does not have, which would
// otherwise be without effect and without a word.
func (h *host) checkResources(cfg Config, has func(string) bool) {
	check := func(name string) {
		if !has(name) {
			panic(fmt.Sprintf("fleettest: config: the simulated %s has no resource %q", h.name, name))
		}
	}
	for name := range cfg.Limits {
		check(name)
	}
	for name := range cfg.Windows {
		check(name)
	}
	for _, a := range cfg.Accounts {
		for name := range a.Limits {
			check(name)
		}
	}
}
