package transport

import "sync/atomic"

// CacheStats are the numbers of a [Cache] since it was made. They count the
// requests that it could answer; others do not appear.
type CacheStats struct {
	// Hits are 304s: the caller got what is kept. At GitHub they were free.
	Hits int64

	// Recomputed are the Hits to an ETag that was worked out, see
	// [Cache.Recompute].
	Recomputed int64

	// Changed are answers of 200 to a request with a validator: what is kept
	// was not right any more, or was another token's.
	Changed int64

	// Misses are answers of 200 to a request without a validator: nothing was
	// kept, or not for the token that served.
	Misses int64

	// Collapsed are requests that got the answer to an equal one that was under
	// way, and were not sent. They are in none of the numbers above.
	Collapsed int64

	// Kept are answers that were put into the Store.
	Kept int64

	// Errors are those of the Store.
	Errors int64

	// Entries and Bytes are what is in memory now: answers, and all that they
	// take. 0 with another Store.
	Entries int
	Bytes   int64
}

// Paid returns how many answers of 200 came from the host: each cost what it
// would have cost without a Cache.
func (s CacheStats) Paid() int64 { return s.Changed + s.Misses }

// Stats returns the numbers so far.
func (c *Cache) Stats() CacheStats {
	s := CacheStats{
		Hits:       c.counts.hits.Load(),
		Recomputed: c.counts.recomputed.Load(),
		Changed:    c.counts.changed.Load(),
		Misses:     c.counts.misses.Load(),
		Collapsed:  c.counts.collapsed.Load(),
		Kept:       c.counts.kept.Load(),
		Errors:     c.counts.errors.Load(),
	}
	s.Entries, s.Bytes = c.memory.size()
	return s
}

// cacheCounts are what Stats tells.
type cacheCounts struct {
	hits, recomputed, changed, misses, collapsed, kept, errors atomic.Int64
}
