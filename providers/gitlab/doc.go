// Package gitlab has the portable client for GitLab, gitlab.com and instances of
// one's own. It knows go-gitlab, and nothing else does.
//
//	gl, err := gitlab.New(providers.Config{Manager: m, Host: "https://git.example.com/gitlab"})
//	prs, err := gl.FetchPullRequests(ctx, "group/subgroup/project")
//
// # Credentials
//
// Personal, project and group access tokens go into PRIVATE-TOKEN, those of
// OAuth and jobs where they belong, as package tokens says. The scope read_api
// is enough for all that a client fetches; read_user alone for the current user
// and read_repository alone for files. A call that needs more is
// [providers.ErrScope], and names the scopes that would do. What a token may not
// see, GitLab says does not exist. Without a token it shows a project without
// its visibility, its rights and its features: they are nil then. Users it shows
// to nobody without a token, FetchUser is [providers.ErrForbidden].
//
// # What GitLab calls otherwise, or says in another way
//
//   - An organization is a group, and its login the path: "group/subgroup". An
//     owner without a slash may be a group or a user; the group is asked for
//     first, and a failure of either is told.
//   - The owner's own list are the projects in his namespace, not those of the
//     groups that he owns. A group's list is without those that others share
//     with it.
//   - A pull request is a merge request, its number the iid. One that is just
//     being merged (locked) is open, but not among those of InState(Open). A fork
//     that it comes from is known by its id only.
//   - The language is not told with a repository; FetchLanguages has shares. The
//     licence and, for members, the size come with a single repository only.
//   - PushedAt is the last activity of any kind.
//   - Contributors have no account, and no lines since GitLab 13.4.
//   - Releases have neither ids nor drafts nor prereleases; the tag is the key.
//     One that is upcoming has a date that is yet to come.
//
// # Limits and paging
//
// Besides the throttle of an account, gitlab.com limits single routes: of the
// lists of projects 600 a minute for a group and 300 for a user, of GET
// /users/{id}, which FetchUser needs, 300 in ten minutes (GitLab docs, "Rate
// limits on GitLab.com"). Lists of up to 10,000 items say how many pages there
// are, so that Fetch… asks for several at once. Commits are never counted. A
// user's projects are read by id where the pages are not counted, or are read
// one after the other, and trees by a cursor.
//
// GitLab cannot be asked for projects that have changed since a time, and takes
// the author of commits for a pattern; the client goes through all and chooses.
//
// # What is unsupported
//
// The groups of somebody else; commits by an author's login, since GitLab knows
// addresses only; issues that are merged. The options are
// [providers.ErrUnsupported], and nothing is sent.
//
// # The library
//
// [NewClient] makes go-gitlab's client on top of a transport, set up so that it
// leaves limits, retries and credentials to the transport:
//
//	gl, err := gitlab.NewClient(fleet.Transport(tokens.GitLab), "")
//	project, _, err := gl.Projects.GetProject("acme/web", nil, gogitlab.WithContext(ctx))
//
// It is go-gitlab's own, unmodified, at v0.115.0. What that library does by
// itself and what becomes of it:
//
//   - It paces its calls by the first RateLimit-Limit that it sees, which is
//     one token's, at two thirds of that, and has a data race there. It gets a
//     limiter that never waits.
//   - It sends a call again up to five times after a 429 or any 5xx, a POST too,
//     which may then take effect twice. It makes one attempt, and the transport
//     decides what may be sent again.
//   - It always sends PRIVATE-TOKEN, here an empty one, which the transport
//     replaces.
//   - It takes a context as an option of each call only; pass WithContext.
//
// The portable client has such a client for As, takes its records and its errors
// from the library, and sends its requests itself, because of what is left:
//
//   - The text of a 404 is lost; the error is a bare ErrNotFound. That one is
//     below a [providers.Error] that has the text.
//   - What is missing in a record cannot be told from 0 and false, and the date
//     of a tag is not there at all. The models tell.
//   - Issues and merge requests are decoded by way of a map, where large ids
//     lose digits and an issue without an id is a panic. They are decoded once.
//   - An answer that comes as its call ends is left open. It is closed.
package gitlab
