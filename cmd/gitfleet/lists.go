package main

import (
	"context"
	"iter"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet/providers"
)

// listing is a command that lists what an owner or a repository has.
type listing struct {
	use, short string
	ofOwner    bool     // of an owner, which may be left out, not of a repository
	columns    []string // of the table
	flags      []string // besides listFlags
	sample     any      // a record
	fetch      func(ctx context.Context, c *providers.Client, of string, o []providers.Option) iter.Seq2[any, error]
}

// listings are the commands that list, in the order of the help text.
var listings = []listing{
	{
		use: "repos [OWNER]", short: "List the repositories of a user, organization, group or workspace", ofOwner: true,
		columns: []string{"full_name", "visibility", "language", "stars", "forks", "updated_at", "description"},
		flags:   []string{"sort", "since", "recursive"}, sample: providers.Repository{},
		fetch: lister((*providers.Client).Repositories),
	},
	{
		use: "orgs [LOGIN]", short: "List the organizations, groups or workspaces of a user", ofOwner: true,
		columns: []string{"login", "name", "visibility", "web_url"}, sample: providers.Organization{},
		fetch: lister((*providers.Client).Organizations),
	},
	{
		use: "branches REPOSITORY", short: "List the branches of a repository",
		columns: []string{"name", "sha", "default", "protected", "committed_at"}, sample: providers.Branch{},
		fetch: lister((*providers.Client).Branches),
	},
	{
		use: "tags REPOSITORY", short: "List the tags of a repository",
		columns: []string{"name", "sha", "date"}, sample: providers.Tag{},
		fetch: lister((*providers.Client).Tags),
	},
	{
		use: "commits REPOSITORY", short: "List the commits of a repository",
		columns: []string{"sha", "author.name", "author.date", "message"},
		flags:   []string{"ref", "path", "author", "since", "until"}, sample: providers.Commit{},
		fetch: lister((*providers.Client).Commits),
	},
	{
		use: "contributors REPOSITORY", short: "List who has commits in a repository",
		columns: []string{"login", "name", "commits"}, sample: providers.Contributor{},
		fetch: lister((*providers.Client).Contributors),
	},
	{
		use: "prs REPOSITORY", short: "List the pull or merge requests of a repository",
		columns: []string{"number", "state", "author.login", "updated_at", "title"},
		flags:   []string{"state", "sort", "since"}, sample: providers.PullRequest{},
		fetch: lister((*providers.Client).PullRequests),
	},
	{
		use: "issues REPOSITORY", short: "List the issues of a repository, pull requests not among them",
		columns: []string{"number", "state", "author.login", "updated_at", "title"},
		flags:   []string{"state", "sort", "since"}, sample: providers.Issue{},
		fetch: lister((*providers.Client).Issues),
	},
	{
		use: "releases REPOSITORY", short: "List the releases of a repository",
		columns: []string{"tag", "name", "published_at", "prerelease"}, sample: providers.Release{},
		fetch: lister((*providers.Client).Releases),
	},
}

// lister makes one kind of function of the iterators of a client.
func lister[T any](list func(*providers.Client, context.Context, string, ...providers.Option) iter.Seq2[T, error]) func(context.Context, *providers.Client, string, []providers.Option) iter.Seq2[any, error] {
	return func(ctx context.Context, c *providers.Client, of string, options []providers.Option) iter.Seq2[any, error] {
		return func(yield func(any, error) bool) {
			for item, err := range list(c, ctx, of, options...) {
				if !yield(item, err) {
					return
				}
			}
		}
	}
}

// resolve returns the client and the name that a target of the listing stands
// for.
func (l listing) resolve(s *session, target string) (*providers.Client, string, error) {
	if l.ofOwner {
		return s.owner(target)
	}
	return s.repository(target)
}

func (l listing) command(t *tool) *cobra.Command {
	var o output
	var q queryFlags
	least := 1
	if l.ofOwner {
		least = 0
	}
	cmd := &cobra.Command{
		Use: l.use, Short: l.short, GroupID: groupRead, Args: arguments(least, 1), Long: l.short + ".\n\n" + targetHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.list(cmd, l, append(args, "")[0], o, &q)
		},
	}
	o.addTo(cmd)
	q.addTo(cmd, listFlags...)
	q.addTo(cmd, l.flags...)
	return cmd
}

const targetHelp = `OWNER is a login; REPOSITORY is OWNER/NAME. Both may be full addresses, such as
https://gitlab.com/group/subgroup/project or git@github.com:acme/web.git, which
say the host, too. Without an OWNER the token's own account is meant.`

// list runs a listing.
func (t *tool) list(cmd *cobra.Command, l listing, target string, o output, q *queryFlags) error {
	w, err := t.writer(o, l.columns, l.sample)
	if err != nil {
		return err
	}
	options, err := q.options(cmd)
	if err != nil {
		return err
	}
	s, err := t.open(cmd)
	if err != nil {
		return err
	}
	defer s.close()
	c, of, err := l.resolve(s, target)
	if err != nil {
		return err
	}
	return writeAll(w, l.fetch(cmd.Context(), c, of, options))
}
