// Package bitbucket knows go-bitbucket and nothing else does. [NewClient] makes
// that library's client on top of a transport, for one call:
//
//	bb, err := bitbucket.NewClient(ctx, fleet.Transport(tokens.Bitbucket), "")
//	repo, err := bb.Repositories.Repository.Get(&gobitbucket.RepositoryOptions{Owner: "acme", RepoSlug: "web"})
//
// The client is go-bitbucket's own, unmodified, at v0.10.0. What that library
// does by itself and what becomes of it:
//
//   - It drops the contexts that it is given, and most of its methods take none.
//     The client is bound to one, see transport.Bind; make one for each call, or
//     for each group of calls that ends together. That costs some microseconds:
//     connections and limits stay with the transport.
//   - It sends no credential of its own, and the transport sends one.
//   - It asks for ten items a page. It asks for 100 here, the most there are.
//   - It follows next links to any host. The transport sends no credential there.
//   - It leaves the pages after the first open, and takes a broken one for the
//     end of the list. JSON answers are read to their end for it; one that breaks
//     off or is no JSON is an error.
//   - It reads its base URL from the environment. It does not here.
package bitbucket
