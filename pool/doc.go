// Package pool runs calls of any API on keys that take turns.
//
// A [Pool] makes a client of the caller's own type for each key: an SDK's, an
// HTTP client, a connection, anything. [Do] leases a key from a [tokens.Manager],
// runs a function with its client, and looks at the error. A limit always moves
// the call on to another key, and rests this one until its reset; a dead key is
// put aside; other failures are retried if the [PoolConfig] says so, and ban a key
// that fails again and again. The function takes typed arguments and returns a
// typed result, so that a method that is not there does not compile.
//
// What the pool does is set by a [PoolConfig], the form that apipool-ng keeps on
// its server, in Go or as JSON. Each of its fields is kept to:
//
//	concurrency            calls under way in the whole pool; 0 is no bound
//	timeout                seconds an attempt may take; 0 is no bound
//	rate_limit             calls of a key in any rate_limit_interval; 0 is no bound
//	rate_limit_interval    seconds
//	retry_on_failure       other failures than limits go on with another key …
//	max_retries            … so often
//	batch_retry_on_failure the same for calls with Call.Batch; null means as above
//	batch_max_retries      the same
//	ban_threshold          failures in a row that ban a key; 0 never bans
//	ban_duration           seconds
//	reach_limit_exception  the name of one of Config.Matchers
//	rotation_strategy      a name that tokens.ParseStrategy knows
//	client_type            must be Config.ClientType, if both are set
//	custom                 the user's own
//
// Keys stay inside: they show up by label and ID, no [Answer] and no error of this
// package holds a part of one, and the manager is never given any.
//
// [Limiter] is for what has no keys: it paces calls by any string.
package pool
