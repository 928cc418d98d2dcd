package fleettest

import (
	"net/http"
	"strings"
	"time"
)

// GitHub's secondary limits, from GitHub docs, "Rate limits for the REST API",
// section "About secondary rate limits". Whom they count is not documented;
// here it is the account.
const (
	githubPointsREST    = 900
	githubPointsGraphQL = 2000
	githubConcurrent    = 100
	githubCreateMinute  = 80
	githubCreateHour    = 500
	githubRest          = time.Minute
)

// secondary counts the call's points, and reports whether the account rests
// because of a secondary limit and for how long. g.mu must be held.
func (g *GitHub) secondary(c *call) (rest time.Duration, refused bool) {
	a := c.account
	if rest := a.restTill.Sub(c.arrived); rest > 0 {
		return rest, true
	}
	if !g.exceeds(c) {
		g.countPoints(c)
		return 0, false
	}
	rest = orDefault(g.cfg.SecondaryRest, githubRest)
	a.restTill = c.arrived.Add(rest)
	return rest, true
}

// exceeds reports whether the call breaks a secondary limit. g.mu must be
// held.
func (g *GitHub) exceeds(c *call) bool {
	a, now := c.account, c.arrived
	over := func(n, limit, standard int) bool {
		limit = orDefault(limit, standard)
		return limit > 0 && n > limit
	}
	if over(a.inFlight, g.cfg.MaxConcurrent, githubConcurrent) {
		return true
	}
	if c.resource == "graphql" {
		limit := githubPointsGraphQL
		if g.cfg.PointsPerMinute < 0 {
			limit = -1
		}
		return over(a.graphQLPoints.total(now, time.Minute)+points(c), limit, limit)
	}
	if over(a.points.total(now, time.Minute)+points(c), g.cfg.PointsPerMinute, githubPointsREST) {
		return true
	}
	return creates(c) &&
		(over(a.minute.total(now, time.Minute)+1, g.cfg.CreationsPerMinute, githubCreateMinute) ||
			over(a.hour.total(now, time.Hour)+1, g.cfg.CreationsPerHour, githubCreateHour))
}

// countPoints enters what the call costs. g.mu must be held.
func (g *GitHub) countPoints(c *call) {
	a := c.account
	if c.resource == "graphql" {
		a.graphQLPoints.add(c.arrived, points(c))
		return
	}
	a.points.add(c.arrived, points(c))
	if creates(c) {
		a.minute.add(c.arrived, 1)
		a.hour.add(c.arrived, 1)
	}
}

// points is what the call costs of the minute's points.
func points(c *call) int {
	if c.resource == "graphql" {
		if strings.HasPrefix(strings.TrimSpace(graphQLQuery(c.body)), "mutation") {
			return 5
		}
		return 1
	}
	if read(c.r.Method) {
		return 1
	}
	return 5
}

// creates reports whether the call creates content.
func creates(c *call) bool {
	return c.r.Method == http.MethodPost && c.resource == "core"
}
