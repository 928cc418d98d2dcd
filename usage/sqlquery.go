package usage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// condition is a part of a WHERE clause with its values.
type condition struct {
	terms []string
	args  []any
}

func (c *condition) add(term string, args ...any) {
	c.terms = append(c.terms, term)
	c.args = append(c.args, args...)
}

func (c *condition) String() string {
	if len(c.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.terms, " AND ")
}

// among adds that a column has one of the values, if they are given at all.
func among[T any](c *condition, column string, values []T, as func(T) any) {
	if values == nil {
		return
	}
	if len(values) == 0 {
		c.add("1 = 0")
		return
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = as(v)
	}
	c.add(column+" IN "+placeholders(1, len(values)), args...)
}

func text[T ~string](v T) any  { return string(v) }
func number[T ~uint8](v T) any { return int64(v) }
func (q *Query) where(c *condition) {
	among(c, "s.provider", q.Providers, text)
	among(c, "s.host", q.Hosts, text)
	among(c, "s.token", q.Tokens, text)
	among(c, "s.label", q.Labels, text)
	among(c, "s.account", q.Accounts, text)
	among(c, "s.resource", q.Resources, text)
	among(c, "s.route", q.Routes, text)
	among(c, "e.outcome", q.Outcomes, number)
	among(c, "e.cause", q.Causes, number)
}

// window returns the condition of the query's time; from is its beginning.
func (q *Query) window(from time.Time) *condition {
	c := new(condition)
	if !from.IsZero() {
		c.add("at >= ?", micros(from))
	}
	if !q.To.IsZero() {
		c.add("at < ?", micros(q.To))
	}
	return c
}

// micros returns the first microsecond that is not before t.
func micros(t time.Time) int64 {
	us := t.UnixMicro()
	if t.After(time.UnixMicro(us)) {
		us++
	}
	return us
}

// Groups implements [Store].
func (s *SQL) Groups(ctx context.Context, q Query, by ...Dimension) ([]Group, error) {
	if err := check(by); err != nil {
		return nil, err
	}
	statement, args := s.grouping(q, by)
	rows, err := s.db.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, fmt.Errorf("usage: query: %w", err)
	}
	defer rows.Close()
	found := groups{}
	for rows.Next() {
		k, t, err := scanTally(rows, by)
		if err != nil {
			return nil, fmt.Errorf("usage: query: %w", err)
		}
		found.add(k, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("usage: query: %w", err)
	}
	return found.sorted(by), nil
}

// grouping returns the statement over single events and minutes that gives a
// tally for each group.
func (s *SQL) grouping(q Query, by []Dimension) (string, []any) {
	events, minutes := q.window(q.From), q.window(q.From)
	if !q.From.IsZero() {
		minutes = q.window(floor(q.From, time.Minute))
	}
	columns := []string{"e.outcome", "e.class"}
	for _, d := range by {
		columns = append(columns, column(d))
	}
	var rest condition
	q.where(&rest)
	grouped := strings.Join(columns, ", ")
	statement := `SELECT ` + s.dialect.sum("e.n") + `, ` + s.dialect.sum("e.latency") + `, ` + s.dialect.sum("e.bytes") + `, ` + grouped + `
		FROM (SELECT at, series, outcome, cause, class, 1 AS n, latency, bytes FROM usage_event` + events.String() + `
			UNION ALL SELECT at, series, outcome, cause, class, n, latency, bytes FROM usage_minute` + minutes.String() + `) e
		JOIN usage_series s ON s.id = e.series` + rest.String() + ` GROUP BY ` + grouped
	args := append(append(events.args, minutes.args...), rest.args...)
	return s.dialect.bind(statement), args
}

// column returns where a dimension stands in the database.
func column(d Dimension) string {
	switch d {
	case ByOutcome, ByCause:
		return "e." + d.String()
	case ByMinute, ByHour, ByDay:
		return fmt.Sprintf("e.at - e.at %% %d", d.step().Microseconds())
	}
	return "s." + d.String()
}

func scanTally(rows *sql.Rows, by []Dimension) (k key, t tally, err error) {
	var latency int64
	into := []any{&t.n, &latency, &t.bytes, &t.outcome, &t.class}
	for _, d := range by {
		switch d {
		case ByOutcome:
			into = append(into, &k.outcome)
		case ByCause:
			into = append(into, &k.cause)
		case ByMinute, ByHour, ByDay:
			into = append(into, &k.start)
		default:
			into = append(into, k.series.field(d))
		}
	}
	err = rows.Scan(into...)
	t.latency = time.Duration(latency) * time.Microsecond
	return k, t, err
}

// Events implements [Store]. It knows single events only, not what was rolled up.
func (s *SQL) Events(ctx context.Context, q Query, after Cursor, limit int) ([]Event, Cursor, error) {
	if err := checkPage(limit); err != nil {
		return nil, "", err
	}
	from, begin, err := after.place()
	if err != nil {
		return nil, "", err
	}
	c := q.window(q.From)
	if !begin {
		c.add("at <= ? AND (at < ? OR e.id < ?)", from.at, from.at, from.id)
	}
	q.where(c)
	rows, err := s.db.QueryContext(ctx, s.dialect.bind(`SELECT e.id, e.at, e.outcome, e.cause, e.status, e.latency, e.bytes,
		s.provider, s.host, s.token, s.label, s.account, s.resource, s.route
		FROM usage_event e JOIN usage_series s ON s.id = e.series`+c.String()+`
		ORDER BY e.at DESC, e.id DESC LIMIT ?`), append(c.args, limit+1)...)
	if err != nil {
		return nil, "", fmt.Errorf("usage: query: %w", err)
	}
	defer rows.Close()
	var found []Event
	for rows.Next() {
		e, err := scanEvent(rows)
		if err != nil {
			return nil, "", fmt.Errorf("usage: query: %w", err)
		}
		found = append(found, e)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, "", fmt.Errorf("usage: query: %w", err)
	}
	events, next := page(found, limit)
	return events, next, nil
}

func scanEvent(rows *sql.Rows) (Event, error) {
	var e Event
	var at int64
	var latency, bytes sql.NullInt64
	err := rows.Scan(&e.ID, &at, &e.Outcome, &e.Cause, &e.Status, &latency, &bytes,
		&e.Provider, &e.Host, &e.Token, &e.Label, &e.Account, &e.Resource, &e.Route)
	e.At = microTime(at)
	e.Latency, e.Bytes = -1, -1
	if latency.Valid {
		e.Latency = time.Duration(latency.Int64) * time.Microsecond
	}
	if bytes.Valid {
		e.Bytes = bytes.Int64
	}
	return e, err
}
