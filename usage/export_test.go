package usage

import (
	"context"
	"database/sql"
)

// MigrateTo brings a database up to a version, as an earlier release did.
func MigrateTo(ctx context.Context, db *sql.DB, d Dialect, version int) error {
	return migrate(ctx, db, d, version)
}

// LatestVersion is what this release brings databases up to.
const LatestVersion = len(migrations)

// Bounded is what a store keeps of a text.
func Bounded(s string) string { return bounded(s) }
