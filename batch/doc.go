// Package batch runs one function over many items.
//
// [Run] takes a slice and returns when all of it is done; [Stream] takes a
// sequence of any length and hands results out as they come. Both bound how
// many calls are under way, run each item once however often it is listed, end
// attempts that take too long, try again after errors, wait where an error says
// when to come back, and can be killed at any instant and go on later.
//
// The function may be anything: a plain one, a call through a pool of keys, a
// method of a client. Of its errors the package knows one thing: an error that
// has
//
//	RetryAt() time.Time
//
// anywhere in its chain tells by a time that is not zero that a limit refused
// the call, and when the limit ends.
//
// # Items and their IDs
//
// Items are comparable values, and equal ones are the same item. An item that
// carries more than what identifies it has a method ID() string (see
// [Identified]); then items with equal IDs are the same. The first one listed is
// run, the others are counted as duplicates.
//
// # Panics
//
// A panic in the function becomes a [*PanicError] of that item, and the others
// go on: of 100,000 items one must not take the rest with it. It is never tried
// again. A panic of anything else that the caller gave, such as the sequence or
// OnProgress, is raised again, as a [*PanicError], in the goroutine that called.
// A function that leaves by [runtime.Goexit] has failed with [ErrGoexit].
//
// # Goroutines
//
// Run, and the loop over Stream, return only when every call has returned and
// no goroutine is left. A function that ignores its context therefore holds them
// up; so does a sequence that blocks.
package batch
