package usage_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/usage"
)

func TestOpenSQL_brings_a_database_of_an_earlier_release_up_to_date_and_keeps_its_events(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, db *sql.DB, d usage.Dialect) {
		if d == usage.SQLite {
			db.SetMaxOpenConns(1) // in memory each connection has a database
		}
		if err := usage.MigrateTo(t.Context(), db, d, 1); err != nil {
			t.Fatal(err)
		}
		for _, statement := range []string{
			`INSERT INTO usage_series (digest, provider, host, token, label, account, resource, route)
				VALUES ('x', 'github', 'h', 'old', 'l', 'a', 'core', 'r')`,
			fmt.Sprintf(`INSERT INTO usage_event (at, series, outcome, cause, status, class) VALUES (%d, 1, 9, 1, 403, -1)`, noon.UnixMicro()),
		} {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // the second has nothing to do
			s := openStore(t, db, d)
			if got, want := counted(t, s, usage.Query{}, usage.ByToken, usage.ByOutcome), "old/reach_limit:1"; got != want {
				t.Errorf("%q, want %q", got, want)
			}
			if err := s.Compact(t.Context(), usage.Retention{}, noon.AddDate(0, 0, 30)); err != nil {
				t.Errorf("what the step brought cannot be used: %v", err)
			}
		}
	})
}

func TestOpenSQL_refuses_a_database_of_a_later_release_and_leaves_it_alone(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, db *sql.DB, d usage.Dialect) {
		openStore(t, db, d)
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO usage_schema (version, at) VALUES (%d, 0)`, usage.LatestVersion+1)); err != nil {
			t.Fatal(err)
		}
		if _, err := usage.OpenSQL(t.Context(), db, d); err == nil || !strings.Contains(err.Error(), "this release knows") {
			t.Errorf("OpenSQL() = %v, want an error that says so", err)
		}
	})
}

func TestOpenSQL_by_many_at_once_makes_the_tables_once(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, db *sql.DB, d usage.Dialect) {
		if err := db.PingContext(t.Context()); err != nil { // makes the file
			t.Fatal(err)
		}
		errs := make(chan error)
		for range 5 {
			go func() {
				_, err := usage.OpenSQL(t.Context(), db, d)
				errs <- err
			}()
		}
		for range 5 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestOpenSQL_names_what_is_wrong(t *testing.T) {
	t.Parallel()
	db := sqliteFile(t)
	if _, err := usage.OpenSQL(t.Context(), db, 0); err == nil || !strings.Contains(err.Error(), "Dialect(0)") {
		t.Errorf("OpenSQL() with no dialect = %v", err)
	}
	db.Close()
	if _, err := usage.OpenSQL(t.Context(), db, usage.SQLite); err == nil {
		t.Error("OpenSQL() of a closed database is no error")
	}
}

// SQLite in memory has a database for each connection; one store must not see
// several.
func TestOpenSQL_of_SQLite_in_memory_is_one_database_for_all_goroutines(t *testing.T) {
	t.Parallel()
	db := open(t, "sqlite", ":memory:")
	s := openStore(t, db, usage.SQLite)
	errs := make(chan error)
	for range 8 {
		go func() { errs <- s.Append(t.Context(), []usage.Event{used("a", 0)}) }()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	if got := total(t, s, usage.Query{}).Count; got != 8 {
		t.Errorf("%d events, want 8", got)
	}
}

func TestSQL_two_processes_share_a_database(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, db *sql.DB, d usage.Dialect) {
		one, two := openStore(t, db, d), openStore(t, db, d)
		keep(t, one, used("a", 0))
		keep(t, two, used("a", 0), used("b", 0))
		keep(t, one, used("b", 0))
		if got, want := counted(t, one, usage.Query{}, usage.ByToken), "a:2 b:2"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

func TestSQL_Append_keeps_all_or_nothing(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, db *sql.DB, d usage.Dialect) {
		s := openStore(t, db, d)
		if _, err := db.ExecContext(t.Context(), `CREATE UNIQUE INDEX no_more ON usage_event (at)`); err != nil {
			t.Fatal(err)
		}
		events := make([]usage.Event, 0, 600) // several statements
		for i := range 599 {
			events = append(events, used("a", time.Duration(i)*time.Second))
		}
		if err := s.Append(t.Context(), append(events, events[0])); err == nil {
			t.Fatal("Append() of what the database refuses is no error")
		}
		if got := total(t, s, usage.Query{}).Count; got != 0 {
			t.Errorf("%d events of a batch that failed are kept", got)
		}
	})
}

// Whoever only reads must not wait for those who write.
func TestOpenSQL_of_a_database_that_is_up_to_date_waits_for_no_lock(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "usage.db")
	writer := open(t, "sqlite", sqliteAt(file))
	keep(t, openStore(t, writer, usage.SQLite), used("a", 0))
	conn, err := writer.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	reader := open(t, "sqlite", "file:"+file+"?_pragma=busy_timeout(0)")
	if got := total(t, openStore(t, reader, usage.SQLite), usage.Query{}).Count; got != 1 {
		t.Errorf("%d events, want 1", got)
	}
	if _, err := conn.ExecContext(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
}
