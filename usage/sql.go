package usage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// SQL is a [Store] in a database, which many processes may share. Its tables
// have names that begin with usage_; times in them are microseconds since 1970,
// in UTC, and keys are the IDs of tokens, never secrets.
type SQL struct {
	db      *sql.DB
	dialect Dialect

	mu     sync.Mutex
	series map[Series]int64 // those known to be in the database
}

// OpenSQL returns the store in db, and creates its tables or brings those of an
// earlier release up to date. The database stays the caller's, who closes it.
//
// SQLite in memory has a database for each connection: db is then limited to
// one. A file of SQLite wants a journal in WAL mode and some seconds of
// busy_timeout if several processes write to it.
func OpenSQL(ctx context.Context, db *sql.DB, d Dialect) (*SQL, error) {
	if d < SQLite || d > MySQL {
		return nil, fmt.Errorf("usage: unknown kind of database: %s", d)
	}
	if d == SQLite {
		if err := oneIfInMemory(ctx, db); err != nil {
			return nil, fmt.Errorf("usage: open: %w", err)
		}
	}
	if err := migrate(ctx, db, d, len(migrations)); err != nil {
		return nil, fmt.Errorf("usage: migrate the %s database: %w", d, err)
	}
	return &SQL{db: db, dialect: d, series: map[Series]int64{}}, nil
}

// oneIfInMemory limits db to one connection, which never ends, if there is no
// file that connections share.
func oneIfInMemory(ctx context.Context, db *sql.DB) error {
	var file string
	err := db.QueryRowContext(ctx, `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&file)
	if err != nil || file != "" {
		return err
	}
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	db.SetConnMaxIdleTime(0)
	db.SetConnMaxLifetime(0)
	return nil
}

// Compact implements [Store]. What is single becomes minutes an hour of events at
// a time, each in one transaction, so that it is counted once at any moment.
func (s *SQL) Compact(ctx context.Context, r Retention, now time.Time) error {
	events, minutes := r.bounds(now)
	if !events.IsZero() {
		if err := s.rollUp(ctx, events.UnixMicro()); err != nil {
			return fmt.Errorf("usage: roll up: %w", err)
		}
	}
	if minutes.IsZero() {
		return nil
	}
	for _, table := range [...]string{"usage_minute", "usage_event"} {
		_, err := s.db.ExecContext(ctx, s.dialect.bind(`DELETE FROM `+table+` WHERE at < ?`), minutes.UnixMicro())
		if err != nil {
			return fmt.Errorf("usage: forget: %w", err)
		}
	}
	return nil
}

// rollUp makes minutes of the events before end.
func (s *SQL) rollUp(ctx context.Context, end int64) error {
	for {
		var first sql.NullInt64
		err := s.db.QueryRowContext(ctx, `SELECT MIN(at) FROM usage_event`).Scan(&first)
		if err != nil || !first.Valid || first.Int64 >= end {
			return err
		}
		hour := floor(microTime(first.Int64), time.Hour).Add(time.Hour).UnixMicro()
		if err := s.rollUpBefore(ctx, min(hour, end)); err != nil {
			return err
		}
	}
}

func (s *SQL) rollUpBefore(ctx context.Context, end int64) error {
	options := &sql.TxOptions{}
	if s.dialect != SQLite { // both statements must see the same events
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := s.db.BeginTx(ctx, options)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	minute := `at - at % 60000000`
	_, err = tx.ExecContext(ctx, s.dialect.bind(`INSERT INTO usage_minute (at, series, outcome, cause, class, n, latency, bytes)
		SELECT `+minute+`, series, outcome, cause, class, COUNT(*), `+s.dialect.sum("latency")+`, `+s.dialect.sum("bytes")+`
		FROM usage_event WHERE at < ? GROUP BY `+minute+`, series, outcome, cause, class`), end)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, s.dialect.bind(`DELETE FROM usage_event WHERE at < ?`), end); err != nil {
		return err
	}
	return tx.Commit()
}

// inTx runs fn in a transaction. If its end is not known, the error matches
// ErrUncertain.
func (s *SQL) inTx(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return errors.Join(err, ErrUncertain)
	}
	return nil
}
