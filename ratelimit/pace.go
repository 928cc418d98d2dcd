package ratelimit

import (
	"net/http"
	"strings"
	"time"
)

// Pace is what a host documents about how fast an account may call, besides its
// budgets. A limit of 0 is none; the zero Pace has no limits.
type Pace struct {
	// PointsPerMinute bounds the points of REST requests in any 60 seconds, and
	// GraphQLPointsPerMinute those of GraphQL requests.
	PointsPerMinute, GraphQLPointsPerMinute int64

	// CreationsPerMinute and CreationsPerHour bound the requests that create
	// content.
	CreationsPerMinute, CreationsPerHour int64

	// WriteGap is the least time between two requests that write.
	WriteGap time.Duration
}

// Pace returns the documented limits of the dialect's host. GitHub's are those
// of "Rate limits for the REST API" (secondary limits) and, for the gap, "Best
// practices for using the REST API". On an Enterprise Server its administrator
// decides, and the other hosts document none that could be kept here.
func (d Dialect) Pace() Pace {
	if d != GitHub {
		return Pace{}
	}
	return Pace{
		PointsPerMinute:        900,
		GraphQLPointsPerMinute: 2000,
		CreationsPerMinute:     80,
		CreationsPerHour:       500,
		WriteGap:               time.Second,
	}
}

// Writes reports whether the request changes something at the host.
func (d Draw) Writes() bool { return d.Points >= writePoints }

// creates reports whether a request to GitHub creates content: an issue, a pull
// request, a comment or a review. GitHub does not list the endpoints; these are
// the ones that notify people.
func creates(req Request) bool {
	if req.method() != http.MethodPost {
		return false
	}
	kind, tail := owned(restPath(req.path()))
	if kind != "repo" {
		return false
	}
	if tail == "/issues" || tail == "/pulls" {
		return true
	}
	for _, suffix := range [...]string{"/comments", "/reviews", "/replies"} {
		if strings.HasSuffix(tail, suffix) {
			return true
		}
	}
	return false
}
