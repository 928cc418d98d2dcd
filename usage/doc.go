// Package usage keeps account of who used what, when and how: which token, for
// which route, with what outcome, how long it took.
//
// A [Recorder] takes [Event] values, from the hooks of a transport, from a pool or
// from code of one's own, and hands them to a [Store] in batches. Recording neither waits
// nor fails. The store is in memory ([Memory]) or any of three SQL databases
// ([OpenSQL]); it counts by a [Query], in groups ([Store.Groups]), along the time
// ([Timeline]) and page by page ([Store.Events]).
//
// No secret is recorded: tokens are told apart by their IDs, and a route is a
// pattern without names, numbers and query.
package usage
