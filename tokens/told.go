package tokens

import (
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// Resources are an open set, and each has a budget for every account, for ever. So
// that a host that is broken, or means harm, does not fill the memory with them, its
// answers name so many at most that no call has drawn on, with names so long at most.
// GitHub has fewer than twenty, the longest of 27 letters (GitHub Docs, "REST API endpoints for rate
// limits").
const (
	maxTold     = 64
	maxToldName = 100
)

// laneTold returns the lane of a resource that an answer names, or nil if the host has
// named too many.
func (h *Host) laneTold(resource string, now time.Time) *lane {
	if h.lanes[resource] == nil {
		if h.told == maxTold || len(resource) > maxToldName {
			return nil
		}
		h.told++
	}
	return h.lane(resource, now)
}

// disregard makes of an answer one that names no resource and has no numbers of it.
func disregard(o *ratelimit.Observation) {
	none := ratelimit.Optional[int64]{}
	o.Resource, o.Limit, o.Remaining, o.Used, o.Reset = "", none, none, none, time.Time{}
	if o.Scope == ratelimit.TokenNumbers {
		o.Scope = ratelimit.NoNumbers
	}
}
