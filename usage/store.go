package usage

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Store keeps events and answers questions about them. It may be used by many
// goroutines at once. [Memory] and [SQL] are stores.
type Store interface {
	// Append keeps all of the events, or returns an error and has kept none. An
	// error that matches ErrUncertain says that it may have kept them.
	Append(ctx context.Context, events []Event) error

	// Groups returns what the events of the query come to, grouped by the
	// dimensions and ordered by them; at most one of them may be of time. Without
	// dimensions it is one group, or none if there is no event.
	Groups(ctx context.Context, q Query, by ...Dimension) ([]Group, error)

	// Events returns the events of the query, the latest first, at most limit of
	// them, which is from 1 to MaxPage. To read on, pass the cursor it returns;
	// that is empty after the last page. Events that come meanwhile move nothing:
	// those that happened before the end of a page are on a later one.
	Events(ctx context.Context, q Query, after Cursor, limit int) ([]Event, Cursor, error)

	// Compact makes room: it keeps what r says, as of now.
	Compact(ctx context.Context, r Retention, now time.Time) error
}

// ErrUncertain is what an error of [Store.Append] matches if it is unknown
// whether the events were kept. They must not be appended again, lest they count
// twice.
var ErrUncertain = errors.New("the events may have been kept")

// Retention says how long what is kept. A negative duration means for ever.
type Retention struct {
	Events  time.Duration // single events; 7 days if 0
	Minutes time.Duration // what they come to by the minute, counted from the same time; 90 days if 0
}

const day = 24 * time.Hour

// bounds returns the minute before which single events are made into minutes,
// and that before which all is forgotten; zero if never.
func (r Retention) bounds(now time.Time) (events, minutes time.Time) {
	bound := func(d, usual time.Duration) time.Time {
		switch {
		case d < 0:
			return time.Time{}
		case d == 0:
			d = usual
		}
		return floor(now.Add(-d), time.Minute)
	}
	return bound(r.Events, 7*day), bound(r.Minutes, 90*day)
}

// Total returns what all events of the query come to.
func Total(ctx context.Context, s Store, q Query) (Summary, error) {
	list, err := s.Groups(ctx, q)
	if err != nil || len(list) == 0 {
		return Summary{}, err
	}
	return list[0].Summary, nil
}

// maxBuckets bounds a timeline: two months by the minute.
const maxBuckets = 100_000

// Timeline returns one group for every minute, hour or day of the query's
// window, in order, also for those without events. step is ByMinute, ByHour or
// ByDay. A window without a beginning begins at the first event, one without an
// end ends now. More than 100,000 intervals are an error.
func Timeline(ctx context.Context, s Store, q Query, step Dimension) ([]Group, error) {
	if !isTime(step) {
		return nil, fmt.Errorf("usage: no timeline by %s: want minute, hour or day", step)
	}
	if q.To.IsZero() {
		q.To = time.Now().UTC().Add(time.Microsecond) // what happens now is in it
	}
	found, err := s.Groups(ctx, q, step)
	if err != nil {
		return nil, err
	}
	start := q.From
	if start.IsZero() {
		if len(found) == 0 {
			return nil, nil
		}
		start = found[0].Start
	}
	start = floor(start, step.step())
	if n := q.To.Sub(start) / step.step(); n >= maxBuckets {
		return nil, fmt.Errorf("usage: a timeline of %d intervals by %s: want at most %d", n, step, maxBuckets)
	}
	var line []Group
	for ; start.Before(q.To); start = start.Add(step.step()) {
		g := Group{Start: start}
		if len(found) > 0 && found[0].Start.Equal(start) {
			g, found = found[0], found[1:]
		}
		line = append(line, g)
	}
	return line, nil
}
