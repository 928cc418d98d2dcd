package usage

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Dialect is the kind of SQL that a database understands.
type Dialect uint8

// The dialects.
const (
	SQLite     Dialect = iota + 1 // 3.35 or later
	PostgreSQL                    // 12 or later
	MySQL                         // 8 or later, and MariaDB 10.5 or later
)

var dialects = [...]string{SQLite: "sqlite", PostgreSQL: "postgres", MySQL: "mysql"}

// String returns the name: "sqlite", "postgres" or "mysql".
func (d Dialect) String() string {
	if d != 0 && int(d) < len(dialects) {
		return dialects[d]
	}
	return fmt.Sprintf("Dialect(%d)", uint8(d))
}

// ParseDialect returns the dialect that [Dialect.String] calls s; "mariadb" is
// "mysql", "postgresql" is "postgres".
func ParseDialect(s string) (Dialect, error) {
	switch s {
	case "mariadb":
		return MySQL, nil
	case "postgresql":
		return PostgreSQL, nil
	}
	if i := slices.Index(dialects[:], s); i > 0 {
		return Dialect(i), nil
	}
	return 0, fmt.Errorf("usage: unknown kind of database %q: want one of %s", s, strings.Join(dialects[1:], ", "))
}

// bind returns a statement with the dialect's own placeholders in place of the
// question marks. No statement of ours has one in a text.
func (d Dialect) bind(statement string) string {
	if d != PostgreSQL {
		return statement
	}
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(statement, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		statement = after
	}
}

// ignoring returns the statement that inserts into a table what is not there yet.
func (d Dialect) ignoring(into string) string {
	if d == MySQL {
		return "INSERT IGNORE INTO " + into
	}
	return "INSERT INTO " + into + " ON CONFLICT DO NOTHING"
}

// orFail returns how a statement begins that inserts several rows into a
// transaction that is given up if one of them is refused. SQLite need not write
// down then how to undo the statement alone ("The ON CONFLICT Clause").
func (d Dialect) orFail() string {
	if d == SQLite {
		return "INSERT OR FAIL"
	}
	return "INSERT"
}

// sum returns the sum of a column as an integer of 64 bits; in some databases it
// would be a decimal.
func (d Dialect) sum(column string) string {
	sum := "COALESCE(SUM(" + column + "), 0)"
	switch d {
	case PostgreSQL:
		return "CAST(" + sum + " AS BIGINT)"
	case MySQL:
		return "CAST(" + sum + " AS SIGNED)"
	}
	return sum
}

// placeholders returns rows of n question marks each, such as (?,?),(?,?).
func placeholders(rows, n int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", n), ",") + ")"
	return strings.TrimSuffix(strings.Repeat(row+",", rows), ",")
}
