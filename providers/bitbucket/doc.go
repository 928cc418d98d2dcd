// Package bitbucket is for Bitbucket Cloud. [New] makes the portable client,
// [NewClient] the client of go-bitbucket; no other package knows that library.
//
//	bb, err := bitbucket.New(providers.Config{Manager: m})
//	repos, err := bb.FetchRepositories(ctx, "acme")
//
// # Credentials
//
// API tokens with the e-mail address of their account, access tokens of a
// repository, a project or a workspace, and OAuth consumers; see package tokens.
// App passwords ended in July 2026. Reading takes the scopes repository,
// pullrequest and account; those of an API token are called
// read:repository:bitbucket, read:pullrequest:bitbucket, read:user:bitbucket and
// read:workspace:bitbucket. An access token has no user: FetchCurrentUser and
// FetchOrganizations fail, and FetchRepositories needs the workspace's name.
//
// A user has 1,000 calls in an hour that moves along, an access token of a large
// workspace more. Bitbucket does not say how many remain, or when one comes back
// (Atlassian support, "API request limits").
//
// # What Bitbucket does not have
//
// These are providers.ErrUnsupported and send nothing: contributors, issues
// (removed in August 2026), releases, languages (a repository names one), GraphQL;
// commits by author or date; the workspaces of others.
//
// Users are found by account ID or {uuid} only: a nickname is not unique. So a
// User's Login is for people to read. Workspaces are found by slug or {uuid}, and
// Repository.Owner.Login is always the workspace's slug. A branch does not say
// whether it is protected or the default one, a commit has one date and no
// committer, a pull request has abbreviated hashes and no time of its end.
//
// # Lists
//
// Links to the next page are followed as they come, one after the other: pages
// are not to be asked for by number (Atlassian developer, "Pagination"). Pages
// have 100 items, those of pull requests 50. Repositories and pull requests come
// with the oldest first.
//
// Commits and files without a Ref take one request more, for the name of the main
// branch; so does a branch or a tag with a slash in its name, which Bitbucket
// finds in its list of branches only. A tree is read ten levels at a time, and
// one directory after the other where that takes Bitbucket too long; it comes
// level by level.
//
// # The library
//
// The portable client makes its own requests, because go-bitbucket v0.10.0 loses
// the records whose times it cannot parse, and drops contexts. Through Client.As
// and NewClient it is there unmodified. What it does by itself and what becomes of
// it:
//
//   - It drops the contexts that it is given, and most of its methods take none.
//     NewClient binds it to one, see transport.Bind; make one for each call, or
//     for each group of calls that ends together. That costs some microseconds:
//     connections and limits stay with the transport. Client.As makes one that is
//     bound to none.
//   - It sends no credential of its own, and the transport sends one.
//   - It asks for ten items a page. It asks for 100 here, the most there are.
//   - It follows next links to any host. The transport sends no credential there.
//   - It leaves the pages after the first open, and takes a broken one for the
//     end of the list. JSON answers are read to their end for it; one that breaks
//     off or is no JSON is an error.
//   - It reads its base URL from the environment. It does not here.
package bitbucket
