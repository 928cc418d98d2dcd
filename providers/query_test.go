package providers_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/providers"
)

func TestOptions_reach_the_driver(t *testing.T) {
	t.Parallel()
	since, until := time.Unix(1, 0), time.Unix(2, 0)
	f := &fake{}
	c := f.client()
	_, _ = c.FetchCommits(t.Context(), "a/b", providers.PageSize(7), providers.Limit(9), providers.Concurrency(3), providers.Ref("r"),
		providers.Path("p"), providers.Author("w"), providers.Since(since), providers.Until(until), providers.Raw())
	_, _ = c.FetchIssues(t.Context(), "a/b", providers.InState(providers.Closed), providers.SortBy(providers.ByUpdated, true))
	_, _ = c.FetchTree(t.Context(), "a/b", "", providers.Recursive())
	for range c.Commits(t.Context(), "a/b") { //nolint:revive // it is enough to ask
	}
	for i, want := range []providers.Query{
		{PageSize: 7, Limit: 9, Concurrency: 3, Ref: "r", Path: "p", Author: "w", Since: since, Until: until, Raw: true},
		{PageSize: 100, Concurrency: providers.DefaultConcurrency, State: providers.Closed, Sort: providers.ByUpdated, Ascending: true},
		{PageSize: 100, Concurrency: providers.DefaultConcurrency, Recursive: true},
		{PageSize: 100},
	} {
		if f.queries[i] != want {
			t.Errorf("query %d is %+v, want %+v", i+1, f.queries[i], want)
		}
	}
}

func TestOptions_that_are_wrong_or_mean_nothing_ask_for_nothing(t *testing.T) {
	t.Parallel()
	f := &fake{}
	c := f.client()
	commits := func(o ...providers.Option) func(context.Context) error {
		return func(ctx context.Context) error { _, err := c.FetchCommits(ctx, "a/b", o...); return err }
	}
	for name, call := range map[string]func(context.Context) error{
		"page size 101":    commits(providers.PageSize(101)),
		"page size -1":     commits(providers.PageSize(-1)),
		"limit -1":         commits(providers.Limit(-1)),
		"concurrency -1":   commits(providers.Concurrency(-1)),
		"until before":     commits(providers.Since(time.Unix(2, 0)), providers.Until(time.Unix(1, 0))),
		"state of commits": commits(providers.InState(providers.Open)),
		"the zero Option":  commits(providers.Option{}),
		"no such state": func(ctx context.Context) error {
			_, err := c.FetchIssues(ctx, "a/b", providers.InState("x"))
			return err
		},
		"ref of issues": func(ctx context.Context) error { _, err := c.FetchIssues(ctx, "a/b", providers.Ref("x")); return err },
		"limit of one": func(ctx context.Context) error {
			_, err := c.FetchRepository(ctx, "a/b", providers.Limit(1))
			return err
		},
		"since of a user": func(ctx context.Context) error {
			_, err := c.FetchUser(ctx, "a", providers.Since(time.Unix(1, 0)))
			return err
		},
		"author of me": func(ctx context.Context) error { _, err := c.FetchCurrentUser(ctx, providers.Author("x")); return err },
		"sort of an org": func(ctx context.Context) error {
			_, err := c.FetchOrganization(ctx, "a", providers.SortBy("", true))
			return err
		},
		"until of branches": func(ctx context.Context) error {
			_, err := c.FetchBranches(ctx, "a/b", providers.Until(time.Now()))
			return err
		},
		"path of a file": func(ctx context.Context) error {
			_, err := c.FetchContent(ctx, "a/b", "f", providers.Path("x"))
			return err
		},
	} {
		if err := call(t.Context()); !errors.Is(err, providers.ErrInvalid) {
			t.Errorf("%s: %v, want one that is %q", name, err, providers.ErrInvalid)
		}
	}
	if f.asked() != 0 {
		t.Errorf("the driver was asked %d times", f.asked())
	}
}

func TestOptions_that_mean_something_to_one_record(t *testing.T) {
	t.Parallel()
	f := &fake{}
	c := f.client()
	if _, err := c.FetchRepository(t.Context(), "a/b", providers.Raw()); err != nil {
		t.Error(err)
	}
	if _, err := c.FetchContent(t.Context(), "a/b", "f", providers.Ref("r"), providers.Raw()); err != nil {
		t.Error(err)
	}
	if !f.queries[0].Raw || !f.queries[1].Raw || f.queries[1].Ref != "r" {
		t.Errorf("%+v", f.queries)
	}
}
