package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet/providers"
)

// queryFlags are the options of a call, as far as a command has them.
type queryFlags struct {
	limit, pageSize, concurrency int
	state, sort, since, until    string
	ref, path, author            string
	recursive, raw               bool
}

// listFlags mean something to every list.
var listFlags = []string{"limit", "page-size", "concurrency", "raw"}

// addTo adds the flags with the given names to a command.
func (q *queryFlags) addTo(cmd *cobra.Command, names ...string) {
	f := cmd.Flags()
	for _, n := range names {
		switch n {
		case "limit":
			f.IntVar(&q.limit, n, 0, "end after so many; 0 is all")
		case "page-size":
			f.IntVar(&q.pageSize, n, 0, "ask for so many a page; 0 is the host's most")
		case "concurrency":
			f.IntVar(&q.concurrency, n, providers.DefaultConcurrency, "ask for so many pages at once")
		case "state":
			f.StringVar(&q.state, n, "", "open, closed or merged only")
			complete(cmd, n, "open", "closed", "merged")
		case "sort":
			f.StringVar(&q.sort, n, "", "created, updated or name, the first first; with - before it the last first")
			complete(cmd, n, "created", "updated", "name")
		case "since":
			f.StringVar(&q.since, n, "", "only from this `time` on: 2026-01-31, 2026-01-31T12:00:00Z, or 36h or 30d ago")
		case "until":
			f.StringVar(&q.until, n, "", "only up to this `time`")
		case "ref":
			f.StringVar(&q.ref, n, "", "branch, tag or commit (default: the default branch)")
		case "path":
			f.StringVar(&q.path, n, "", "only what touches this file or directory")
		case "author":
			f.StringVar(&q.author, n, "", "only of this login or e-mail address")
		case "recursive":
			f.BoolVar(&q.recursive, n, false, "with all that is below: directories, subgroups")
		case "raw":
			f.BoolVar(&q.raw, n, false, "keep what the host sent, in the field raw")
		}
	}
}

// options returns the options that the flags stand for.
func (q *queryFlags) options(cmd *cobra.Command) ([]providers.Option, error) {
	var all []providers.Option
	switch {
	case q.limit < 0:
		return nil, usagef(cmd, "--limit is %d: want 0 for all, or more", q.limit)
	case q.state != "" && !slices.Contains([]string{"open", "closed", "merged"}, q.state):
		return nil, usagef(cmd, "--state is %s: want open, closed or merged", quoted(q.state))
	case q.concurrency < 1 && cmd.Flags().Changed("concurrency"):
		return nil, usagef(cmd, "--concurrency is %d: want 1 or more", q.concurrency)
	case q.concurrency > 0:
		all = append(all, providers.Concurrency(q.concurrency))
	}
	for _, n := range []struct {
		set  bool
		want providers.Option
	}{
		{q.limit != 0, providers.Limit(q.limit)},
		{cmd.Flags().Changed("page-size"), providers.PageSize(q.pageSize)},
		{q.ref != "", providers.Ref(q.ref)},
		{q.path != "", providers.Path(q.path)},
		{q.author != "", providers.Author(q.author)},
		{q.state != "", providers.InState(providers.State(q.state))},
		{q.recursive, providers.Recursive()},
		{q.raw, providers.Raw()},
	} {
		if n.set {
			all = append(all, n.want)
		}
	}
	return q.ordered(cmd, all)
}

// ordered adds the options of order and time.
func (q *queryFlags) ordered(cmd *cobra.Command, all []providers.Option) ([]providers.Option, error) {
	if q.sort != "" {
		by, descending := strings.CutPrefix(q.sort, "-")
		if !slices.Contains([]providers.Sort{providers.ByCreated, providers.ByUpdated, providers.ByName}, providers.Sort(by)) {
			return nil, usagef(cmd, "--sort is %s: want created, updated or name, with - before it for the last first", quoted(q.sort))
		}
		all = append(all, providers.SortBy(providers.Sort(by), !descending))
	}
	for _, n := range []struct {
		name, text string
		option     func(time.Time) providers.Option
	}{{"since", q.since, providers.Since}, {"until", q.until, providers.Until}} {
		if n.text == "" {
			continue
		}
		at, err := parseTime(n.text, time.Now())
		if err != nil {
			return nil, usagef(cmd, "--%s is %s: %w", n.name, quoted(n.text), err)
		}
		all = append(all, n.option(at))
	}
	return all, nil
}

// mostDays is how long ago something can have been: a thousand years. What is far
// more would come out in the future.
const mostDays = 365_000

// parseTime reads a date, a time, or how long ago something was.
func parseTime(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n <= mostDays {
			return now.AddDate(0, 0, -n).UTC(), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("want a time such as 2026-01-31, 2026-01-31T12:00:00Z, 36h or 30d")
}
