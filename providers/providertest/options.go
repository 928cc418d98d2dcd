package providertest

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/providers"
)

// meaning are the options that mean something to an operation, besides those of
// all lists.
var meaning = map[providers.Op]map[string]providers.Option{
	providers.OpRepositories: merged(sorts, since, map[string]providers.Option{"Recursive": providers.Recursive()}),
	providers.OpCommits: merged(since, map[string]providers.Option{
		"Ref": providers.Ref("main"), "Path": providers.Path("README.md"), "Author": providers.Author("octocat"),
		"Until": providers.Until(time.Date(2020, 5, 6, 7, 8, 9, 0, time.UTC)),
	}),
	providers.OpPullRequests: merged(sorts, since, states),
	providers.OpIssues:       merged(sorts, since, states),
	providers.OpTree:         {"Ref": providers.Ref("main"), "Recursive": providers.Recursive()},
	providers.OpContent:      {"Ref": providers.Ref("main")},
}

// sinceWhen is what Since is tested with.
var sinceWhen = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)

var (
	since = map[string]providers.Option{"Since": providers.Since(sinceWhen)}
	sorts = map[string]providers.Option{
		"SortBy created, oldest first": providers.SortBy(providers.ByCreated, true),
		"SortBy created, newest first": providers.SortBy(providers.ByCreated, false),
		"SortBy updated, oldest first": providers.SortBy(providers.ByUpdated, true),
		"SortBy updated, newest first": providers.SortBy(providers.ByUpdated, false),
		"SortBy name":                  providers.SortBy(providers.ByName, true),
	}
	states = map[string]providers.Option{
		"InState open": providers.InState(providers.Open), "InState closed": providers.InState(providers.Closed),
		"InState merged": providers.InState(providers.Merged),
	}
)

func merged(parts ...map[string]providers.Option) map[string]providers.Option {
	all := map[string]providers.Option{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

// options checks that an option is obeyed or refused.
func (s suite) options(t *testing.T) {
	s.each(t, func(o operation) bool { return o.op != providers.OpLanguages }, func(t *testing.T, b *bench, o operation) {
		for name, option := range meaning[o.op] {
			b.wire.begin(nil)
			got, err := o.run(t.Context(), b.Harness, option)
			sent := len(b.wire.asked())
			switch {
			case errors.Is(err, providers.ErrUnsupported) && sent > 0:
				t.Errorf("%s is not supported, and %d requests were sent", name, sent)
			case errors.Is(err, providers.ErrUnsupported):
			case sent == 0:
				t.Errorf("%s: %v, and nothing was sent", name, err)
			case err == nil:
				obeyed(t, name, got)
			case b.answered(o) && !errors.Is(err, providers.ErrNotFound):
				t.Errorf("%s: %v", name, err)
			}
		}
		b.refused(t, "the zero option", func(ctx context.Context) error {
			_, err := o.run(ctx, b.Harness, providers.Option{})
			return err
		})
		if o.op != providers.OpCommits {
			b.refused(t, "an option of commits", func(ctx context.Context) error {
				_, err := o.run(ctx, b.Harness, providers.Author("octocat"))
				return err
			})
		}
	})
}

// obeyed checks what can be seen of an option in the result. Whether the host
// sorts is not the driver's business.
func obeyed(t *testing.T, name string, got []item) {
	for i, it := range got {
		state, updated := facts(it.record)
		if want, ok := strings.CutPrefix(name, "InState "); ok && string(state) != want {
			t.Errorf("%s: item %d is %s", name, i+1, state)
		}
		if name == "Since" && !updated.IsZero() && updated.Before(sinceWhen) {
			t.Errorf("%s: item %d is of %v", name, i+1, updated)
		}
	}
}

// facts returns what options are about.
func facts(record any) (state providers.State, updated time.Time) {
	switch r := record.(type) {
	case providers.Repository:
		return "", r.UpdatedAt
	case providers.PullRequest:
		return r.State, r.UpdatedAt
	case providers.Issue:
		return r.State, r.UpdatedAt
	}
	return "", time.Time{}
}
