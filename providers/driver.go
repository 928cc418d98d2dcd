package providers

import (
	"context"
	"net/http"

	"github.com/gitfleet/gitfleet/tokens"
)

// Driver is one host behind a [Client]. It returns plain results: a page at a
// time, and errors as the library below made them or from [NewError]; the Client
// follows the pages, wraps the errors and takes over what is the same for all.
//
// The methods must be safe for concurrent use and must end with their context.
// What only some hosts have are interfaces of their own, found by type
// assertion: [ContributorDriver], [IssueDriver], [ReleaseDriver],
// [LanguageDriver], [GraphQLDriver] and [PersonDriver].
type Driver interface {
	// Info says what the driver is for. It does not change.
	Info() Info

	// As sets target, a pointer, to the library's client if it points to one.
	As(target any) bool

	// Repositories lists what an owner has. See [Owner] for whose.
	Repositories(context.Context, Owner, Query, Position) (Page[Repository], error)
	Repository(context.Context, Name, Query) (Repository, error)

	// User returns a user by login, or the token's own if login is empty.
	User(ctx context.Context, login string, q Query) (User, error)

	// Organizations lists the organizations, groups or workspaces of a user, or
	// those of the token's own user if login is empty.
	Organizations(ctx context.Context, login string, q Query, at Position) (Page[Organization], error)
	Organization(ctx context.Context, login string, q Query) (Organization, error)

	Branches(context.Context, Name, Query, Position) (Page[Branch], error)
	Tags(context.Context, Name, Query, Position) (Page[Tag], error)
	Commits(context.Context, Name, Query, Position) (Page[Commit], error)
	PullRequests(context.Context, Name, Query, Position) (Page[PullRequest], error)

	// Content returns a file as of Query.Ref, the default branch if that is
	// empty. Tree lists a directory, all below it if Query.Recursive is set.
	Content(ctx context.Context, n Name, path string, q Query) (Content, error)
	Tree(ctx context.Context, n Name, path string, q Query, at Position) (Page[TreeEntry], error)

	// Call sends a request of the caller's.
	Call(context.Context, Call) (Answer, error)
}

// ContributorDriver is a [Driver] whose host lists contributors.
type ContributorDriver interface {
	Contributors(context.Context, Name, Query, Position) (Page[Contributor], error)
}

// IssueDriver is a [Driver] whose host has issues. Pull requests are not among
// what it returns.
type IssueDriver interface {
	Issues(context.Context, Name, Query, Position) (Page[Issue], error)
}

// ReleaseDriver is a [Driver] whose host has releases.
type ReleaseDriver interface {
	Releases(context.Context, Name, Query, Position) (Page[Release], error)
}

// LanguageDriver is a [Driver] whose host knows a repository's languages.
type LanguageDriver interface {
	Languages(context.Context, Name) ([]Language, error)
}

// GraphQLDriver is a [Driver] whose host speaks GraphQL. Out is what "data" is
// decoded into; errors that came in its place are the error.
type GraphQLDriver interface {
	GraphQL(ctx context.Context, query string, variables map[string]any, out any) error
}

// PersonDriver is a [Driver] whose host lists a person's private repositories to
// a token of that person's only. IsPerson tells a person from an organization; the
// driver remembers what it was told for the list that follows.
type PersonDriver interface {
	IsPerson(ctx context.Context, login string) (bool, error)
}

// Info says what a [Driver] is for.
type Info struct {
	Provider tokens.ProviderType
	Host     string // the base URL as the manager names it, such as "https://api.github.com"

	// PageSize is the most items the host puts on a page, and what is asked for
	// by default.
	PageSize int
}

// Position is a place in a list. The zero Position is the first page.
type Position struct {
	// Next is where a [Page] said that its successor is.
	Next string

	// Page is the number of the page that is wanted, from 1, where it is not
	// the one at Next. It is set only after a page has said how many there are;
	// Next is then that page's, as a pattern.
	Page int
}

// Page is a part of a list.
type Page[T any] struct {
	Items []T
	Next  string // where the next page is; empty if this is the last
	Last  int    // the number of the last page; 0 if the host does not tell
}

// Call is a request of the caller's own.
type Call struct {
	Method string      // defaults to GET
	Path   string      // below the API's base such as "repos/acme/web", or a full URL of the host
	Header http.Header // added to the driver's own
	Body   any         // encoded as JSON; nil sends none
	Out    any         // what the answer is decoded into; an [io.Writer] gets it as it is; nil drops it
}

// Answer is what came back from a [Call].
type Answer struct {
	Status int
	Header http.Header
	Next   string // where the next page of a list is; empty if there is none
}
