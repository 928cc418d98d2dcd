package providers

import (
	"context"
	"iter"
	"strconv"
)

// FetchRepositories returns the repositories of a user, an organization, a group
// or a workspace, or those of the token's own account if owner is empty. Private
// ones are among them as far as the token may see them. At GitLab [Recursive]
// adds those of subgroups.
func (c *Client) FetchRepositories(ctx context.Context, owner string, options ...Option) ([]Repository, error) {
	return collect(c.repositories(ctx, owner, fetching(options)))
}

// Repositories is the iterator of [Client.FetchRepositories].
func (c *Client) Repositories(ctx context.Context, owner string, options ...Option) iter.Seq2[Repository, error] {
	return c.repositories(ctx, owner, options)
}

func (c *Client) repositories(ctx context.Context, owner string, options []Option) iter.Seq2[Repository, error] {
	if _, err := query(OpRepositories, c.driver.Info().PageSize, options); err != nil {
		return failed[Repository](c.failure(OpRepositories, owner, 0, invalid(err)))
	}
	if owner != "" {
		if err := login(owner); err != nil {
			return failed[Repository](c.failure(OpRepositories, owner, 0, err))
		}
	}
	return func(yield func(Repository, error) bool) {
		ctx, whose, err := c.owner(ctx, owner)
		if err != nil {
			yield(Repository{}, c.failure(OpRepositories, owner, 0, err))
			return
		}
		list(c, OpRepositories, owner, options, func(ctx context.Context, q Query, at Position) (Page[Repository], error) {
			return c.driver.Repositories(ctx, whose, q, at)
		}, func(r *Repository) string { return r.ID }).all(ctx)(yield)
	}
}

// FetchOrganizations returns the organizations, groups or workspaces of a user,
// or those of the token's own user if login is empty.
func (c *Client) FetchOrganizations(ctx context.Context, login string, options ...Option) ([]Organization, error) {
	return collect(c.Organizations(ctx, login, fetching(options)...))
}

// Organizations is the iterator of [Client.FetchOrganizations].
func (c *Client) Organizations(ctx context.Context, user string, options ...Option) iter.Seq2[Organization, error] {
	if user != "" {
		if err := login(user); err != nil {
			return failed[Organization](c.failure(OpOrganizations, user, 0, err))
		}
	}
	return list(c, OpOrganizations, user, options, func(ctx context.Context, q Query, at Position) (Page[Organization], error) {
		return c.driver.Organizations(ctx, user, q, at)
	}, func(o *Organization) string { return o.ID }).all(ctx)
}

// FetchBranches returns the branches of a repository, named as [ParseName] reads
// it.
func (c *Client) FetchBranches(ctx context.Context, repository string, options ...Option) ([]Branch, error) {
	return collect(c.Branches(ctx, repository, fetching(options)...))
}

// Branches is the iterator of [Client.FetchBranches].
func (c *Client) Branches(ctx context.Context, repository string, options ...Option) iter.Seq2[Branch, error] {
	return within(ctx, c, OpBranches, repository, options, c.driver.Branches, func(b *Branch) string { return b.Name })
}

// FetchTags returns the tags of a repository.
func (c *Client) FetchTags(ctx context.Context, repository string, options ...Option) ([]Tag, error) {
	return collect(c.Tags(ctx, repository, fetching(options)...))
}

// Tags is the iterator of [Client.FetchTags].
func (c *Client) Tags(ctx context.Context, repository string, options ...Option) iter.Seq2[Tag, error] {
	return within(ctx, c, OpTags, repository, options, c.driver.Tags, func(t *Tag) string { return t.Name })
}

// FetchCommits returns the commits of a repository that lead to a branch, see
// [Ref], the newest first. An empty repository has none. [Path], [Author],
// [Since] and [Until] choose among them.
func (c *Client) FetchCommits(ctx context.Context, repository string, options ...Option) ([]Commit, error) {
	return collect(c.Commits(ctx, repository, fetching(options)...))
}

// Commits is the iterator of [Client.FetchCommits].
func (c *Client) Commits(ctx context.Context, repository string, options ...Option) iter.Seq2[Commit, error] {
	return within(ctx, c, OpCommits, repository, options, c.driver.Commits, func(c *Commit) string { return c.SHA })
}

// FetchPullRequests returns the pull requests of a repository in every state,
// see [InState].
func (c *Client) FetchPullRequests(ctx context.Context, repository string, options ...Option) ([]PullRequest, error) {
	return collect(c.PullRequests(ctx, repository, fetching(options)...))
}

// PullRequests is the iterator of [Client.FetchPullRequests].
func (c *Client) PullRequests(ctx context.Context, repository string, options ...Option) iter.Seq2[PullRequest, error] {
	return within(ctx, c, OpPullRequests, repository, options, c.driver.PullRequests,
		func(p *PullRequest) string { return numbered(p.Number, p.ID) })
}

// FetchContributors returns who has commits in a repository, those without an
// account included. Bitbucket has no such list, and GitHub refuses it with
// [ErrTooLarge] for the largest repositories.
func (c *Client) FetchContributors(ctx context.Context, repository string, options ...Option) ([]Contributor, error) {
	return collect(c.Contributors(ctx, repository, fetching(options)...))
}

// Contributors is the iterator of [Client.FetchContributors].
func (c *Client) Contributors(ctx context.Context, repository string, options ...Option) iter.Seq2[Contributor, error] {
	d, ok := c.driver.(ContributorDriver)
	if !ok {
		return failed[Contributor](c.failure(OpContributors, repository, 0, Unsupported("")))
	}
	return within(ctx, c, OpContributors, repository, options, d.Contributors, func(p *Contributor) string {
		if p.ID != "" {
			return p.ID
		}
		return p.Name + "\x00" + p.Email
	})
}

// FetchIssues returns the issues of a repository in every state, see [InState].
// Pull requests are not among them.
func (c *Client) FetchIssues(ctx context.Context, repository string, options ...Option) ([]Issue, error) {
	return collect(c.Issues(ctx, repository, fetching(options)...))
}

// Issues is the iterator of [Client.FetchIssues].
func (c *Client) Issues(ctx context.Context, repository string, options ...Option) iter.Seq2[Issue, error] {
	d, ok := c.driver.(IssueDriver)
	if !ok {
		return failed[Issue](c.failure(OpIssues, repository, 0, Unsupported("")))
	}
	return within(ctx, c, OpIssues, repository, options, d.Issues,
		func(i *Issue) string { return numbered(i.Number, i.ID) })
}

// numbered tells things with numbers apart; one without is told by its id.
func numbered(number int64, id string) string {
	if number == 0 {
		return id
	}
	return strconv.FormatInt(number, 10)
}

// FetchReleases returns the releases of a repository, the newest first.
func (c *Client) FetchReleases(ctx context.Context, repository string, options ...Option) ([]Release, error) {
	return collect(c.Releases(ctx, repository, fetching(options)...))
}

// Releases is the iterator of [Client.FetchReleases].
func (c *Client) Releases(ctx context.Context, repository string, options ...Option) iter.Seq2[Release, error] {
	d, ok := c.driver.(ReleaseDriver)
	if !ok {
		return failed[Release](c.failure(OpReleases, repository, 0, Unsupported("")))
	}
	return within(ctx, c, OpReleases, repository, options, d.Releases, func(r *Release) string {
		if r.ID != "" {
			return r.ID // drafts may have no tag yet
		}
		return r.Tag
	})
}

// FetchTree returns what is in a directory of a repository, the root if path is
// empty, and all below it with [Recursive]. [Ref] says as of when.
func (c *Client) FetchTree(ctx context.Context, repository, path string, options ...Option) ([]TreeEntry, error) {
	return collect(c.Tree(ctx, repository, path, fetching(options)...))
}

// Tree is the iterator of [Client.FetchTree].
func (c *Client) Tree(ctx context.Context, repository, path string, options ...Option) iter.Seq2[TreeEntry, error] {
	path, err := cleanPath(path)
	if err != nil {
		return failed[TreeEntry](c.failure(OpTree, repository, 0, invalid(err)))
	}
	fetch := func(ctx context.Context, n Name, q Query, at Position) (Page[TreeEntry], error) {
		return c.driver.Tree(ctx, n, path, q, at)
	}
	return within(ctx, c, OpTree, repository, options, fetch, func(e *TreeEntry) string { return e.Path })
}

// within returns a list of something that a repository has.
func within[T any](ctx context.Context, c *Client, op Op, of string, options []Option,
	fetch func(context.Context, Name, Query, Position) (Page[T], error), key func(*T) string,
) iter.Seq2[T, error] {
	n, err := repository(of)
	if err != nil {
		return failed[T](c.failure(op, of, 0, err))
	}
	return list(c, op, n.String(), options, func(ctx context.Context, q Query, at Position) (Page[T], error) {
		return fetch(ctx, n, q, at)
	}, key).all(ctx)
}

// list makes a walk. Options that are wrong are its only error.
func list[T any](c *Client, op Op, target string, options []Option,
	fetch func(context.Context, Query, Position) (Page[T], error), key func(*T) string,
) *walk[T] {
	q, err := query(op, c.driver.Info().PageSize, options)
	if err != nil {
		fetch = func(context.Context, Query, Position) (Page[T], error) { return Page[T]{}, invalid(err) }
	}
	return &walk[T]{client: c, op: op, target: target, query: q, fetch: fetch, key: key}
}

// fetching adds what Fetch… does by default to the options.
func fetching(options []Option) []Option {
	return append([]Option{Concurrency(DefaultConcurrency)}, options...)
}
