package fleettest

import (
	"fmt"
	"slices"
	"time"
)

// issue is an issue, made up or created by a client.
type issue struct {
	number    int // from 1, among issues
	title     string
	body      string
	closed    bool
	unplanned bool // closed because it will not be done
	locked    bool
	author    person
	labels    []string
	comments  int
	created   time.Time
	updated   time.Time
	generated bool // not by a client
}

// issueLabels are what made-up issues are about.
var issueLabels = []string{"bug", "documentation", "good first issue", "größer"}

// issueAt makes up the nth issue, from 1, less what titled adds.
func (r *repository) issueAt(n int) issue {
	d := r.diceFor("issue", n)
	i := issue{
		number: n, generated: true,
		closed: d.roll(2) == 0, unplanned: d.roll(3) == 0, locked: d.roll(20) == 0,
		author: people[d.roll(len(people))], comments: d.roll(10),
		created: r.created.Add(time.Duration(n)*time.Hour - 30*time.Minute),
	}
	if l := d.roll(2 * len(issueLabels)); l < len(issueLabels) {
		i.labels = issueLabels[l : l+1]
	}
	i.updated = i.created.Add(time.Duration(d.roll(500)) * time.Minute)
	return i
}

// titled returns i with its texts, which lists leave out until it is shown.
func (i issue) titled(r *repository) issue {
	if i.generated {
		i.title = fmt.Sprintf("Issue %d of %s", i.number, r.name)
		i.body = "What goes wrong, and how to see it."
	}
	return i
}

// issueFrom is a created issue as an issue.
func issueFrom(v Issue, catalog *catalog) issue {
	o := catalog.owner(v.Account)
	return issue{
		number: v.Number, title: v.Title, body: v.Body, labels: v.Labels,
		author:  person{id: o.id, login: o.login, name: displayName(o.login), account: true},
		created: v.Created, updated: v.Created,
	}
}

// issuesOf returns a repository's issues that keep picks, with those that
// clients created, the oldest first.
func issuesOf(r *repository, created *ledger[Issue], catalog *catalog, keep func(issue) bool) []issue {
	all := make([]issue, 0, r.issueCount())
	for n := range r.issueCount() {
		if i := r.issueAt(n + 1); keep(i) {
			all = append(all, i)
		}
	}
	for _, v := range created.of(r) {
		if i := issueFrom(v, catalog); keep(i) {
			all = append(all, i)
		}
	}
	return all
}

// sorted returns a list in another order if it is asked for: by the time that
// at tells, and newest first or last. The list has the newest first.
func sorted[T any](list []T, at func(T) time.Time, ascending bool) []T {
	if at != nil {
		slices.SortStableFunc(list, func(a, b T) int { return at(b).Compare(at(a)) })
	}
	if ascending {
		slices.Reverse(list)
	}
	return list
}

// timeParam reads a time of c's query, zero if there is none.
func timeParam(c *call, name string) time.Time {
	t, err := time.Parse(time.RFC3339, c.query.Get(name))
	if err != nil {
		return time.Time{}
	}
	return t
}
