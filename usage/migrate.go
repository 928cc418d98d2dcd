package usage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// migrations are the steps from an empty database to the present form. A step
// that was released is never changed: what changes later is a step of its own.
// {id}, {text}, {at} and {end} stand for what differs between dialects.
var migrations = [...][]string{
	{ // 1: events
		`CREATE TABLE usage_outcome (id SMALLINT PRIMARY KEY, name {text}){end}`,
		`INSERT INTO usage_outcome (id, name) VALUES (1, 'success'), (5, 'failed'), (9, 'reach_limit')`,
		`CREATE TABLE usage_series (
			id {id}, digest CHAR(64) NOT NULL UNIQUE,
			provider {text}, host {text}, token {text}, label {text}, account {text}, resource {text}, route {text}){end}`,
		`CREATE TABLE usage_event (
			id {id}, at BIGINT NOT NULL, series BIGINT NOT NULL,
			outcome SMALLINT NOT NULL, cause SMALLINT NOT NULL, status SMALLINT NOT NULL,
			latency BIGINT, class SMALLINT NOT NULL, bytes BIGINT){end}`,
		`CREATE INDEX usage_event_at ON usage_event ({at})`,
	},
	{ // 2: what they come to by the minute
		`CREATE TABLE usage_minute (
			at BIGINT NOT NULL, series BIGINT NOT NULL,
			outcome SMALLINT NOT NULL, cause SMALLINT NOT NULL, class SMALLINT NOT NULL,
			n BIGINT NOT NULL, latency BIGINT NOT NULL, bytes BIGINT NOT NULL){end}`,
		`CREATE INDEX usage_minute_at ON usage_minute (at)`,
	},
}

// ddl fills in what differs.
func (d Dialect) ddl(statement string) string {
	id, at, end := "INTEGER PRIMARY KEY", "at", "" // there an index ends with the primary key by itself
	switch d {
	case PostgreSQL:
		at = "at, id"
		id = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
	case MySQL:
		id = "BIGINT AUTO_INCREMENT PRIMARY KEY"
		end = " ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" // keys differ by case
	}
	return strings.NewReplacer("{id}", id, "{text}", "VARCHAR(255) NOT NULL", "{at}", at, "{end}", end).Replace(statement)
}

// lock is how one process at a time migrates: what begins it, and what ends it
// well or badly.
type lock struct{ begin, commit, rollback []string }

// lockNumber is the name of the lock where that is a number.
const lockNumber = "7205759403792793"

func (d Dialect) lock() lock {
	switch d {
	case SQLite:
		return lock{[]string{"BEGIN IMMEDIATE"}, []string{"COMMIT"}, []string{"ROLLBACK"}}
	case PostgreSQL:
		return lock{[]string{"BEGIN", "SELECT pg_advisory_xact_lock(" + lockNumber + ")"}, []string{"COMMIT"}, []string{"ROLLBACK"}}
	}
	release := []string{"DO RELEASE_LOCK('gitfleet_usage')"} // in MySQL each change of a table is final
	return lock{[]string{"DO GET_LOCK('gitfleet_usage', 60)"}, release, release}
}

// migrate brings a database up to the given version. One of a later version is
// an error: a newer release made it.
func migrate(ctx context.Context, db *sql.DB, d Dialect, to int) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if version, err := versionOf(ctx, conn); err == nil && version == to {
		return nil // without the lock, which another process may hold
	}
	l := d.lock()
	if err := execute(ctx, conn, l.begin...); err != nil {
		return err
	}
	if err = steps(ctx, conn, d, to); err != nil {
		return errors.Join(err, execute(context.WithoutCancel(ctx), conn, l.rollback...))
	}
	return execute(ctx, conn, l.commit...)
}

// steps runs the steps that the database lacks.
func steps(ctx context.Context, conn *sql.Conn, d Dialect, to int) error {
	err := execute(ctx, conn, `CREATE TABLE IF NOT EXISTS usage_schema (version INTEGER PRIMARY KEY, at BIGINT NOT NULL)`)
	if err != nil {
		return err
	}
	version, err := versionOf(ctx, conn)
	if err != nil {
		return err
	}
	if version > to {
		return fmt.Errorf("the database has version %d: this release knows %d", version, to)
	}
	for ; version < to; version++ {
		for _, statement := range migrations[version] {
			if err := execute(ctx, conn, d.ddl(statement)); err != nil {
				return fmt.Errorf("step %d: %w", version+1, err)
			}
		}
		_, err := conn.ExecContext(ctx, d.bind(`INSERT INTO usage_schema (version, at) VALUES (?, ?)`), version+1, time.Now().UnixMicro())
		if err != nil {
			return err
		}
	}
	return nil
}

// versionOf returns the number of the last step that was run. It is an error if
// the table of steps is not there yet.
func versionOf(ctx context.Context, conn *sql.Conn) (version int, err error) {
	err = conn.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM usage_schema`).Scan(&version)
	return version, err
}

func execute(ctx context.Context, conn *sql.Conn, statements ...string) error {
	for _, s := range statements {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
