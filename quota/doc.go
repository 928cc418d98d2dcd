// Package quota limits what users may do, by asking a quota service: how many
// mails a user may send, how often a path may be called.
//
// A [Client] speaks the protocol of LightRate. [Client.Consume] asks the service
// each time. [Client.Allow] keeps a local bucket of tokens for each user and rule
// and fetches the next batch when it is empty, so that most decisions cost no
// call; [Client.Wait] waits for a token, and [Middleware] puts the decision before
// an [net/http.Handler].
//
// A [Server] is such a service: an [net/http.Handler] with applications, rules and
// buckets that refill continuously.
//
// # Which rule a request falls under
//
// A rule is for operations or for paths, never for both, and its matcher is a
// regular expression that must match the whole name or path. A matcher that does
// not compile is compared as it stands. A rule without a method holds for every
// method. Among several rules that match, one whose matcher is the very name or
// path comes first, then the one with the longest matcher, then one with a method.
// Client and Server go by the same order. A client knows the rules that it has met:
// a rule that no answer has named yet cannot be preferred to one that matches.
//
// # Words
//
// A token is the right to do something once. A rule has a refill rate, in tokens per
// second, and a burst, the most that a bucket holds. The service has a bucket for
// each user and rule; what matches no rule draws on the application's default bucket.
package quota
