// Package fleettest simulates Git hosts, for tests of programs that use them.
//
// A simulated host behaves like the real one where a client can notice: it
// knows tokens and the accounts behind them, counts calls in a window for each
// account and resource, refuses in the host's own words, pages its lists with
// the host's own links, and answers conditional requests. It counts everything
// it is asked, so that a test can say what arrived.
//
//	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{"a"}, Limit: 50})
//	client := &http.Client{Transport: sim}
//
// There are three: [GitHub], [GitLab] and [Bitbucket]. What they share is
// described here; how each of them counts and refuses is said at its type.
//
//	lab := fleettest.NewGitLab(fleettest.Config{Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1200}}})
//	bucket := fleettest.NewBitbucket(fleettest.Config{Tokens: []string{"b"}})
//
// # Three ways in
//
// A simulator is an [http.RoundTripper] that answers in memory under the real
// host's own address, so that code which sends a credential to that address
// only needs no exception for tests. [GitHub.Serve] puts it on a loopback
// socket. [GitHub.ServePipe] puts it behind connections made with [net.Pipe],
// so that the real net/http client and server run inside a bubble of package
// testing/synctest, where an idle socket would stop the clock. It is also an
// [http.Handler] for any other server.
//
// # Time
//
// Windows, latency and delays come from package time. In a synctest bubble an
// hour's window passes as soon as everybody waits.
//
// # Data
//
// Repositories are generated when asked for, the same for the same seed, so
// that an organization of two thousand costs nothing until it is listed. They
// are called repo-0001, repo-0002 and so on, unless [Owner.Names] says
// otherwise. What is in them, [Contents] says: branches, tags, commits,
// contributors, pull requests, issues, releases and files. A list can have no
// entry, one, or ten thousand, and can change under a client that is walking
// through it:
//
//	sim.Inject(fleettest.Fault{
//		Match: fleettest.Requests("GET", "/repos/{owner}/{repo}/tags"),
//		After: 1, // before the second page
//		Do:    func() { sim.SetContents("acme", "repo-0001", fleettest.Contents{Tags: 151}) },
//	})
//
// Lists are filtered and sorted by what their hosts document for state, time,
// author and order; other parameters are ignored, as real hosts do. An empty
// repository is refused or listed as each host does, a branch name may have a
// slash in it, and some texts have more than ASCII.
//
// # What is unlike the real hosts
//
// All commits have the same files, whose hashes are made up, and a file's body
// does not change with the commit that touched it. There are no merges.
// Numbers in a repository's own record, such as stars and open issues, are not
// counted from what it holds. A pull request's branch and head are its own and
// cannot be asked for. Bitbucket's list of commits without a revision has those
// of main only, and its queries know comparisons, AND and OR. An empty
// repository's contributors and commits at GitLab, and its commits at
// Bitbucket, are an empty list, which neither host documents. Of the links
// inside answers there are those that clients follow.
//
// # Secrets
//
// Tokens are kept as hashes only. No value of this package prints one, and the
// log names them by their place in [Config].
//
// # Misuse
//
// A method that is given a token or a repository that the simulator does not
// have panics, as package httptest does, because the test is wrong. The text
// does not contain the token.
package fleettest
