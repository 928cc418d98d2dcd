package usage

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const (
	rowsAtOnce = 500     // events of one statement
	maxSeries  = 100_000 // that are remembered
)

// Append implements [Store]: all events in one transaction.
func (s *SQL) Append(ctx context.Context, events []Event) error {
	cleaned := make([]Event, len(events))
	for i, e := range events {
		cleaned[i] = e.clean()
	}
	ids, err := s.identify(ctx, cleaned)
	if err != nil {
		return fmt.Errorf("usage: append: %w", err)
	}
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		for at := 0; at < len(cleaned); at += rowsAtOnce {
			end := min(at+rowsAtOnce, len(cleaned))
			if err := s.insert(ctx, tx, cleaned[at:end], ids[at:end]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("usage: append: %w", err)
	}
	return nil
}

// insert adds events whose series have the given numbers. It writes the numbers
// into the statement: binding them one by one takes drivers longer than anything
// else, and no text is among them.
func (s *SQL) insert(ctx context.Context, tx *sql.Tx, events []Event, ids []int64) error {
	b := make([]byte, 0, 128+len(events)*64)
	b = append(b, s.dialect.orFail()...)
	b = append(b, ` INTO usage_event (at, series, outcome, cause, status, latency, class, bytes) VALUES `...)
	for i := range events {
		e := &events[i]
		b = append(b, '(')
		b = append(strconv.AppendInt(b, e.At.UnixMicro(), 10), ',')
		b = append(strconv.AppendInt(b, ids[i], 10), ',')
		b = append(strconv.AppendInt(b, int64(e.Outcome), 10), ',')
		b = append(strconv.AppendInt(b, int64(e.Cause), 10), ',')
		b = append(strconv.AppendInt(b, int64(e.Status), 10), ',')
		b = append(appendKnown(b, e.Latency.Microseconds(), e.Latency >= 0), ',')
		b = append(strconv.AppendInt(b, int64(classOf(e.Latency)), 10), ',')
		b = append(appendKnown(b, e.Bytes, e.Bytes >= 0), ')', ',')
	}
	_, err := tx.ExecContext(ctx, string(b[:len(b)-1]))
	return err
}

// appendKnown appends what a column holds: NULL for what is not known.
func appendKnown(b []byte, n int64, ok bool) []byte {
	if !ok {
		return append(b, "NULL"...)
	}
	return strconv.AppendInt(b, n, 10)
}

// identify returns the numbers of the events' series, in the order of the events.
// Those that are new to the database get one first, in a transaction of its own.
func (s *SQL) identify(ctx context.Context, events []Event) ([]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]int64, len(events))
	missing := map[Series]int64{}
	for i := range events {
		id, known := s.series[events[i].Series]
		if ids[i] = id; !known {
			missing[events[i].Series] = 0
		}
	}
	if len(missing) == 0 {
		return ids, nil
	}
	if err := s.create(ctx, missing); err != nil {
		return nil, err
	}
	for i := range events {
		if id, ok := missing[events[i].Series]; ok {
			ids[i] = id
		}
	}
	if len(s.series)+len(missing) > maxSeries {
		clear(s.series)
	}
	maps.Copy(s.series, missing)
	return ids, nil
}

// create adds series and notes their numbers. Processes that add the same ones do
// so in the same order, so that none waits for the other in a circle.
func (s *SQL) create(ctx context.Context, numbers map[Series]int64) error {
	missing := slices.SortedFunc(maps.Keys(numbers), func(a, b Series) int { return cmp.Compare(a.digest(), b.digest()) })
	add := s.dialect.bind(s.dialect.ignoring(
		`usage_series (digest, provider, host, token, label, account, resource, route) VALUES ` + placeholders(1, 8)))
	find := s.dialect.bind(`SELECT id FROM usage_series WHERE digest = ?`)
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		for _, m := range missing {
			_, err := tx.ExecContext(ctx, add,
				m.digest(), string(m.Provider), m.Host, string(m.Token), m.Label, m.Account, m.Resource, m.Route)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("series: %s", err) // nothing but names, so it can be tried again
	}
	for _, m := range missing {
		var id int64
		if err := s.db.QueryRowContext(ctx, find, m.digest()).Scan(&id); err != nil {
			return err
		}
		numbers[m] = id
	}
	return nil
}

// digest is the same for the same series in all processes.
func (s Series) digest() string {
	var b strings.Builder
	for _, field := range [...]string{
		string(s.Provider), s.Host, string(s.Token), s.Label, s.Account, s.Resource, s.Route,
	} {
		b.WriteString(strconv.Itoa(len(field)) + ":" + field)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}
