// Package github knows go-github and nothing else does. [New] makes a portable
// client with the methods of all hosts:
//
//	gh, err := github.New(providers.Config{Token: tokens.Token{Secret: tokens.Static(secret)}})
//	repos, err := gh.FetchRepositories(ctx, "acme")
//
// [NewClient] makes that library's own client on top of a transport, set up so
// that it leaves limits and credentials to the transport:
//
//	gh, err := github.NewClient(fleet.Transport(tokens.GitHub), "")
//	repo, _, err := gh.Repositories.Get(ctx, "acme", "web")
//
// The client is go-github's own, unmodified; every method and error of it is as
// its documentation says. What go-github does by itself and what becomes of it:
//
//   - It remembers a Remaining of 0 and sends nothing until the reset. The
//     transport does not let it see one while other tokens have calls left; see
//     transport.Transport.RawHeaders. The portable client goes past that memory.
//   - It has no timeout and no retries, and gets none here: [http.Client].Timeout
//     would count the time that a call waits for a token. Use contexts.
//   - WithAuthToken would set one token for all hosts. It is not used.
//   - Its NextPage is 0 where a list has cursors, and the usual loop ends after
//     the first page. The portable client follows the links themselves.
//
// # Credentials
//
// Any token that GitHub takes as a bearer: classic and fine-grained personal
// access tokens, those of OAuth apps, and those of an app's installation, see
// package tokens/githubapp. What others see needs no scope. Private repositories
// need "repo", or the permissions Metadata and Contents; [providers.Client]'s
// organizations need "read:org". A fine-grained token reaches one owner, and is
// told 404 of what others have. An installation is no user: it gets
// [providers.ErrForbidden] where its own account is asked for.
//
// # Limits
//
// 5,000 calls an hour of a user, more of some installations, 60 without a token
// (GitHub Docs, "Rate limits for the REST API"). A page has at most 100 items.
//
// # Lists
//
// The repositories of an owner take one call more the first time, which asks
// whether it is an organization; the branches of a repository one call that asks
// for its default branch. Lists begin with what was created first, releases,
// branches, tags and commits excepted, whose order GitHub decides.
//
// GitHub has no parameter for [providers.Since] on repositories and pull
// requests, nor for merged and declined pull requests. The client chooses among
// all of them, which is exact and costs every page; with the latest update first
// it stops where the older ones begin.
//
// Not supported: the order by name of issues and pull requests. Lists of more
// than some 10,000 issues have no pages by number; the client follows their
// cursors. Of very large repositories GitHub does not list the contributors:
// [providers.ErrTooLarge].
//
// # Files
//
// A file may have 100 MB, in two calls if it has more than 1 MiB. A directory of
// a tree is found from the root with a call for each part of its path, because
// the one call that GitHub has for it ends after 1,000 entries in silence. A
// recursive tree that GitHub cuts off is read directory by directory.
package github
