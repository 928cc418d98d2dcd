package providertest

import (
	"context"
	"encoding/json"
	"iter"
	"reflect"

	"github.com/gitfleet/gitfleet/providers"
)

// operation is a method of a Client, without its types.
type operation struct {
	op   providers.Op
	list bool

	// has reports whether the harness has what the operation needs.
	has func(Harness) bool

	// run calls the method; that of a list is the one that returns a slice, and
	// walk its iterator.
	run  func(context.Context, Harness, ...providers.Option) ([]item, error)
	walk func(context.Context, Harness, ...providers.Option) iter.Seq2[item, error]
}

// item is a record, and how it looks as JSON.
type item struct {
	record any
	json   string
}

func newItem(record any) item {
	text, err := json.Marshal(record)
	if err != nil {
		panic(err) // no model can fail to be encoded
	}
	return item{record, string(text)}
}

// origin returns where a record came from; languages do not know.
func (i item) origin() (providers.Origin, bool) {
	f := reflect.ValueOf(i.record).FieldByName("Origin")
	if !f.IsValid() {
		return providers.Origin{}, false
	}
	return f.Interface().(providers.Origin), true
}

func anyway(Harness) bool            { return true }
func hasOwner(h Harness) bool        { return h.Owner != "" }
func hasUser(h Harness) bool         { return h.User != "" }
func hasOrganization(h Harness) bool { return h.Organization != "" }
func hasRepository(h Harness) bool   { return h.Repository != "" }
func hasFile(h Harness) bool         { return h.Repository != "" && h.File != "" }

func owner(h Harness) string      { return h.Owner }
func repository(h Harness) string { return h.Repository }
func nobody(Harness) string       { return "" }

// operations are all that a Client can fetch.
var operations = []operation{
	listOf(providers.OpRepositories, hasOwner, owner, (*providers.Client).FetchRepositories, (*providers.Client).Repositories),
	listOf(providers.OpOrganizations, anyway, nobody, (*providers.Client).FetchOrganizations, (*providers.Client).Organizations),
	listOf(providers.OpBranches, hasRepository, repository, (*providers.Client).FetchBranches, (*providers.Client).Branches),
	listOf(providers.OpTags, hasRepository, repository, (*providers.Client).FetchTags, (*providers.Client).Tags),
	listOf(providers.OpCommits, hasRepository, repository, (*providers.Client).FetchCommits, (*providers.Client).Commits),
	listOf(providers.OpContributors, hasRepository, repository, (*providers.Client).FetchContributors, (*providers.Client).Contributors),
	listOf(providers.OpPullRequests, hasRepository, repository, (*providers.Client).FetchPullRequests, (*providers.Client).PullRequests),
	listOf(providers.OpIssues, hasRepository, repository, (*providers.Client).FetchIssues, (*providers.Client).Issues),
	listOf(providers.OpReleases, hasRepository, repository, (*providers.Client).FetchReleases, (*providers.Client).Releases),
	listOf(providers.OpTree, hasRepository, repository, fetchTree, tree),
	oneOf(providers.OpRepository, hasRepository, func(ctx context.Context, h Harness, o ...providers.Option) (providers.Repository, error) {
		return h.Client.FetchRepository(ctx, h.Repository, o...)
	}),
	oneOf(providers.OpUser, hasUser, func(ctx context.Context, h Harness, o ...providers.Option) (providers.User, error) {
		return h.Client.FetchUser(ctx, h.User, o...)
	}),
	oneOf(providers.OpCurrentUser, anyway, func(ctx context.Context, h Harness, o ...providers.Option) (providers.User, error) {
		return h.Client.FetchCurrentUser(ctx, o...)
	}),
	oneOf(providers.OpOrganization, hasOrganization, func(ctx context.Context, h Harness, o ...providers.Option) (providers.Organization, error) {
		return h.Client.FetchOrganization(ctx, h.Organization, o...)
	}),
	oneOf(providers.OpContent, hasFile, func(ctx context.Context, h Harness, o ...providers.Option) (providers.Content, error) {
		return h.Client.FetchContent(ctx, h.Repository, h.File, o...)
	}),
	languages,
}

// languages is the one that takes no options.
var languages = operation{
	op: providers.OpLanguages, has: hasRepository,
	run: func(ctx context.Context, h Harness, _ ...providers.Option) ([]item, error) {
		found, err := h.Client.FetchLanguages(ctx, h.Repository)
		return itemsOf(found), err
	},
}

// fetchTree and tree list the root, so that they take what the others do.
func fetchTree(c *providers.Client, ctx context.Context, repository string, o ...providers.Option) ([]providers.TreeEntry, error) {
	return c.FetchTree(ctx, repository, "", o...)
}

func tree(c *providers.Client, ctx context.Context, repository string, o ...providers.Option) iter.Seq2[providers.TreeEntry, error] {
	return c.Tree(ctx, repository, "", o...)
}

// listOf makes an operation of the two methods of a list.
func listOf[T any](op providers.Op, has func(Harness) bool, of func(Harness) string,
	fetch func(*providers.Client, context.Context, string, ...providers.Option) ([]T, error),
	walk func(*providers.Client, context.Context, string, ...providers.Option) iter.Seq2[T, error],
) operation {
	return operation{
		op: op, list: true, has: has,
		run: func(ctx context.Context, h Harness, o ...providers.Option) ([]item, error) {
			found, err := fetch(h.Client, ctx, of(h), o...)
			return itemsOf(found), err
		},
		walk: func(ctx context.Context, h Harness, o ...providers.Option) iter.Seq2[item, error] {
			return func(yield func(item, error) bool) {
				for found, err := range walk(h.Client, ctx, of(h), o...) {
					if err != nil {
						yield(item{}, err)
						return
					}
					if !yield(newItem(found), nil) {
						return
					}
				}
			}
		},
	}
}

// oneOf makes an operation of a method that returns one record.
func oneOf[T any](op providers.Op, has func(Harness) bool,
	fetch func(context.Context, Harness, ...providers.Option) (T, error),
) operation {
	return operation{op: op, has: has, run: func(ctx context.Context, h Harness, o ...providers.Option) ([]item, error) {
		found, err := fetch(ctx, h, o...)
		if err != nil {
			return nil, err
		}
		return []item{newItem(found)}, nil
	}}
}

// itemsOf returns nil for nil only.
func itemsOf[T any](found []T) []item {
	if found == nil {
		return nil
	}
	items := make([]item, 0, len(found))
	for _, f := range found {
		items = append(items, newItem(f))
	}
	return items
}

// texts are the items as JSON, to compare them.
func texts(items []item) []string {
	var all []string
	for _, i := range items {
		all = append(all, i.json)
	}
	return all
}
