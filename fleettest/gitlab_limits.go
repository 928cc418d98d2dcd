package fleettest

import (
	"maps"
	"net/http"
	"strconv"
	"time"
)

// GitLab's throttles. GitLab docs, "User and IP rate limits".
const (
	gitlabThrottle        = "throttle_authenticated_api"
	gitlabAddressThrottle = "throttle_unauthenticated_api"
)

// gitlabApplication are the limits of single routes on gitlab.com, for each
// account. GitLab docs, "Rate limits on GitLab.com".
var gitlabApplication = map[string]resource{
	"GET /groups":                {limit: 50, window: time.Minute},
	"GET /groups/{id}":           {limit: 400, window: time.Minute},
	"GET /groups/{id}/projects":  {limit: 600, window: time.Minute},
	"GET /projects":              {limit: 2000, window: 10 * time.Minute},
	"GET /projects/{id}":         {limit: 400, window: time.Minute},
	"GET /users/{id}":            {limit: 300, window: 10 * time.Minute},
	"GET /users/{id}/projects":   {limit: 300, window: time.Minute},
	"POST /projects/{id}/issues": {limit: 200, window: time.Minute},
}

// gitlabResources are the throttles and the limits of routes that cfg leaves
// or adds.
func gitlabResources(cfg Config) map[string]resource {
	all := make(map[string]resource)
	if !cfg.GitLab.NoApplicationLimits {
		maps.Copy(all, gitlabApplication)
	}
	names := maps.Clone(cfg.Limits)
	for _, a := range cfg.Accounts {
		if names == nil {
			names = make(map[string]int)
		}
		maps.Copy(names, a.Limits)
	}
	for name := range names {
		if _, ok := all[name]; !ok {
			r := gitlabApplication[name]
			all[name] = resource{limit: -1, window: orDefault(r.window, time.Minute)}
		}
	}
	for name, r := range all {
		r.beside = true
		r.anonymous = r.limit // an address has what an account has
		all[name] = r
	}
	all[gitlabThrottle] = resource{limit: 2000}
	all[gitlabAddressThrottle] = resource{anonymous: 500}
	return all
}

// gitlabHas reports whether there is something to limit under a name.
func gitlabHas(name string) bool {
	if name == gitlabThrottle || name == gitlabAddressThrottle {
		return true
	}
	for _, r := range gitlabRoutes {
		if r.name() == name {
			return true
		}
	}
	return false
}

// throttle counts the call, and refuses it if it is one too many.
func (g *GitLab) throttle(c *call) *answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	b := g.budget(c.account, c.resource)
	ok := b.take(c.arrived, 1)
	c.numbers = b.read(c.arrived, c.resource)
	if ok {
		return nil
	}
	g.note(c, func(n *Counts) { n.RefusedPrimary++ })
	a := newAnswer(http.StatusTooManyRequests)
	a.header.Set("Content-Type", "text/plain")
	a.body = []byte(orDefault(g.cfg.GitLab.ThrottleText, "Retry later") + "\n")
	g.tell(a.header, c.numbers)
	if !g.cfg.GitLab.OmitThrottleHeaders {
		a.header.Set("RateLimit-ResetTime", g.told(c.numbers).reset.UTC().Format(http.TimeFormat))
		a.header.Set("Retry-After", secondsUntil(c.arrived, c.numbers.reset))
	}
	return a
}

// applicationLimit counts the call of a route that has a limit of its own, and
// refuses it if it is one too many. The RateLimit headers are those of the
// throttle all the same, and may look healthy. GitLab docs, "Rate limits on
// GitLab.com".
func (g *GitLab) applicationLimit(c *call, route string) *answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.resources[route]; !ok {
		return nil
	}
	b := g.budget(c.account, route)
	if b.take(c.arrived, 1) {
		return nil
	}
	g.note(c, func(n *Counts) { n.RefusedSecondary++ })
	c.resource = route
	return gitlabTooMany(g.cfg.OmitRetryAfter, secondsUntil(c.arrived, b.read(c.arrived, route).reset))
}

// gitlabTooMany is the refusal of an application limit.
func gitlabTooMany(omit bool, seconds string) *answer {
	a := gitlabJSON(http.StatusTooManyRequests, gitlabTooManyBody)
	if !omit {
		a.header.Set("Retry-After", seconds)
	}
	return a
}

// gitlabTooManyBody is what an application limit says.
var gitlabTooManyBody = map[string]any{"message": map[string]string{
	"error": "This endpoint has been requested too many times. Try again later.",
}}

// secondsUntil is the time from now to t in whole seconds, at least one.
func secondsUntil(now, t time.Time) string {
	left := (t.Sub(now) + time.Second - 1) / time.Second
	return strconv.FormatInt(max(1, int64(left)), 10)
}
