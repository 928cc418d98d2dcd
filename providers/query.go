package providers

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Query is what the options of one call say. Drivers read it.
type Query struct {
	PageSize    int // 0 means the host's most
	Limit       int // items to return; 0 means all
	Concurrency int // pages at once; 0 means the operation's default

	State     State     // of pull requests and issues; empty means all
	Sort      Sort      // empty means the oldest first where the host can, see [SortBy]
	Ascending bool      // with Sort
	Since     time.Time // only what changed, or was committed, at or after; zero means all
	Until     time.Time // of commits: at or before
	Ref       string    // branch, tag or commit; empty means the default branch
	Path      string    // of commits: only those that touch it
	Author    string    // of commits
	Recursive bool      // of trees, and of groups with their subgroups
	Raw       bool      // keep each record's JSON
}

// State of pull requests and issues.
type State string

// The states. Merged is of pull requests only.
const (
	Open   State = "open"
	Closed State = "closed"
	Merged State = "merged"
)

// Sort is what a list is sorted by.
type Sort string

// The orders.
const (
	ByCreated Sort = "created"
	ByUpdated Sort = "updated"
	ByName    Sort = "name"
)

// Option changes one call. One that means nothing to the operation is an error
// that matches [ErrInvalid]; one that the host cannot do, [ErrUnsupported].
type Option struct {
	name string // as users write it
	set  func(*Query)
}

// PageSize asks for n items a page, from 1 to what the host has at most. The
// default is the most, which takes the fewest calls.
func PageSize(n int) Option { return Option{"PageSize", func(q *Query) { q.PageSize = n }} }

// Limit ends a list after n items, without asking for pages that are not
// needed. 0 means all.
func Limit(n int) Option { return Option{"Limit", func(q *Query) { q.Limit = n }} }

// Concurrency asks for up to n pages at once, where the host says how many there
// are. The default is [DefaultConcurrency] for Fetch… and 1 for iterators.
func Concurrency(n int) Option { return Option{"Concurrency", func(q *Query) { q.Concurrency = n }} }

// InState wants pull requests or issues in one state only.
func InState(s State) Option { return Option{"InState", func(q *Query) { q.State = s }} }

// SortBy sorts a list. Without it lists that can change while they are read come
// with the oldest first, where the host can do that, so that what is added
// meanwhile comes last.
func SortBy(s Sort, ascending bool) Option {
	return Option{"SortBy", func(q *Query) { q.Sort, q.Ascending = s, ascending }}
}

// Since wants what changed at or after t: repositories, pull requests and issues
// by their last update, commits by their date.
func Since(t time.Time) Option { return Option{"Since", func(q *Query) { q.Since = t }} }

// Until wants commits at or before t.
func Until(t time.Time) Option { return Option{"Until", func(q *Query) { q.Until = t }} }

// Ref names a branch, a tag or a commit to look at. Defaults to the default
// branch.
func Ref(name string) Option { return Option{"Ref", func(q *Query) { q.Ref = name }} }

// Path wants commits that touch a file or directory.
func Path(p string) Option { return Option{"Path", func(q *Query) { q.Path = p }} }

// Author wants commits of one author, by login or e-mail address.
func Author(a string) Option { return Option{"Author", func(q *Query) { q.Author = a }} }

// Recursive lists a tree with all below it, or a group with its subgroups.
func Recursive() Option { return Option{"Recursive", func(q *Query) { q.Recursive = true }} }

// Raw keeps the JSON of each record in [Origin.Raw].
func Raw() Option { return Option{"Raw", func(q *Query) { q.Raw = true }} }

// DefaultConcurrency is how many pages Fetch… asks for at once.
const DefaultConcurrency = 16

// listOptions mean something to every list.
var listOptions = []string{"PageSize", "Limit", "Concurrency", "Raw"}

// ownOptions are what else an operation takes.
var ownOptions = map[Op][]string{
	OpRepositories: {"SortBy", "Since", "Recursive"},
	OpCommits:      {"Ref", "Path", "Author", "Since", "Until"},
	OpPullRequests: {"InState", "SortBy", "Since"},
	OpIssues:       {"InState", "SortBy", "Since"},
	OpTree:         {"Ref", "Recursive"},
	OpContent:      {"Ref"},
}

// single are the operations that return one record.
var single = []Op{OpRepository, OpUser, OpCurrentUser, OpOrganization, OpContent}

// query gathers the options of a call.
func query(op Op, most int, options []Option) (Query, error) {
	var q Query
	for _, o := range options {
		if o.set == nil {
			return q, errors.New("an option is the zero Option")
		}
		if !takes(op, o.name) {
			return q, fmt.Errorf("option %s means nothing here", o.name)
		}
		o.set(&q)
	}
	if q.PageSize == 0 {
		q.PageSize = most
	}
	return q, q.check(most)
}

func takes(op Op, option string) bool {
	if slices.Contains(ownOptions[op], option) {
		return true
	}
	if slices.Contains(single, op) {
		return option == "Raw"
	}
	return slices.Contains(listOptions, option)
}

func (q Query) check(most int) error {
	switch {
	case q.PageSize < 1 || q.PageSize > most:
		return fmt.Errorf("option PageSize is %d: want 1 to %d", q.PageSize, most)
	case q.Limit < 0:
		return fmt.Errorf("option Limit is %d: want 0 for all, or more", q.Limit)
	case q.Concurrency < 0:
		return fmt.Errorf("option Concurrency is %d: want 1 or more", q.Concurrency)
	case !q.Since.IsZero() && !q.Until.IsZero() && q.Until.Before(q.Since):
		return errors.New("option Until is before Since")
	}
	switch q.State {
	case "", Open, Closed, Merged:
		return nil
	}
	return fmt.Errorf("option InState is %q: want open, closed or merged", q.State)
}
