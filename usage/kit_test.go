package usage_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/usage"
)

// database is a kind of SQL database that the tests run against.
type database struct {
	name    string
	dialect usage.Dialect
	open    func(*testing.T) *sql.DB // an empty one
}

var databases = []database{
	{"sqlite", usage.SQLite, sqliteFile},
	{"sqlite in memory", usage.SQLite, func(t *testing.T) *sql.DB { return open(t, "sqlite", ":memory:") }},
	{"postgres", usage.PostgreSQL, postgres},
	{"mysql", usage.MySQL, mysql},
}

// onEachDatabase runs a test on an empty database of every kind.
func onEachDatabase(t *testing.T, test func(*testing.T, *sql.DB, usage.Dialect)) {
	t.Helper()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			test(t, d.open(t), d.dialect)
		})
	}
}

// onEachStore runs a test on an empty store of every kind.
func onEachStore(t *testing.T, test func(*testing.T, usage.Store)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, usage.NewMemory(0))
	})
	onEachDatabase(t, func(t *testing.T, db *sql.DB, d usage.Dialect) { test(t, openStore(t, db, d)) })
}

func openStore(t *testing.T, db *sql.DB, d usage.Dialect) *usage.SQL {
	t.Helper()
	s, err := usage.OpenSQL(t.Context(), db, d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sqliteFile(t *testing.T) *sql.DB {
	t.Helper()
	return open(t, "sqlite", sqliteAt(filepath.Join(t.TempDir(), "usage.db")))
}

func sqliteAt(file string) string {
	return "file:" + file + "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)"
}

// serial makes names that no other test of this run uses.
var serial atomic.Int64

func unique() string { return fmt.Sprintf("usage_%d_%d", os.Getpid(), serial.Add(1)) }

func postgres(t *testing.T) *sql.DB {
	t.Helper()
	dsn := server(t, "GITFLEET_POSTGRES", "PostgreSQL")
	schema := unique()
	admin := open(t, "pgx", dsn)
	create(t, admin, "CREATE SCHEMA "+schema, "DROP SCHEMA "+schema+" CASCADE")
	return open(t, "pgx", dsn+" search_path="+schema)
}

func mysql(t *testing.T) *sql.DB {
	t.Helper()
	dsn := server(t, "GITFLEET_MYSQL", "MySQL or MariaDB")
	name := unique()
	admin := open(t, "mysql", dsn)
	create(t, admin, "CREATE DATABASE "+name, "DROP DATABASE "+name)
	return open(t, "mysql", dsn+name)
}

func server(t *testing.T, variable, what string) string {
	t.Helper()
	dsn := os.Getenv(variable)
	if dsn == "" {
		t.Skipf("!!! NO %s: %s IS NOT SET, NOTHING IS TESTED AGAINST IT; .ci/databases starts one !!!", strings.ToUpper(what), variable)
	}
	return dsn
}

func open(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func create(t *testing.T, db *sql.DB, statement, cleanup string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.Background(), cleanup); err != nil {
			t.Error(err)
		}
	})
}

// noon is when the events of these tests happen.
var noon = time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)

// used returns a success of a token, so long after noon.
func used(id tokens.ID, after time.Duration) usage.Event {
	return usage.Event{
		Series: usage.Series{
			Provider: tokens.GitHub, Host: "api.github.com", Token: id, Label: "label-" + string(id),
			Account: "octocat", Resource: "core", Route: "GET /users/{}",
		},
		At: noon.Add(after), Outcome: usage.Success, Status: 200, Latency: 10 * time.Millisecond, Bytes: 100,
	}
}

// ended returns e with another end.
func ended(e usage.Event, o usage.Outcome, c usage.Cause) usage.Event {
	e.Outcome, e.Cause = o, c
	return e
}

func keep(t *testing.T, s usage.Store, events ...usage.Event) {
	t.Helper()
	if err := s.Append(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

func total(t *testing.T, s usage.Store, q usage.Query) usage.Summary {
	t.Helper()
	sum, err := usage.Total(t.Context(), s, q)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// counted shows groups as words such as "a:3", in order.
func counted(t *testing.T, s usage.Store, q usage.Query, by ...usage.Dimension) string {
	t.Helper()
	list, err := s.Groups(t.Context(), q, by...)
	if err != nil {
		t.Fatal(err)
	}
	return shown(list, by...)
}

func shown(list []usage.Group, by ...usage.Dimension) string {
	var words []string
	for _, g := range list {
		var values []string
		for _, d := range by {
			values = append(values, g.Value(d))
		}
		words = append(words, fmt.Sprintf("%s:%d", strings.Join(values, "/"), g.Count))
	}
	return strings.Join(words, " ")
}
