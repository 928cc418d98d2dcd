package fleettest

import (
	"fmt"
	"slices"
	"time"
)

// pull is a pull request, made up or created by a client. At GitLab it is a
// merge request.
type pull struct {
	number  int
	title   string
	body    string
	state   string
	author  person
	source  string
	target  string
	head    string // hashes
	base    string
	merge   string
	created time.Time
	updated time.Time
}

// The states of pull requests. Each host has its own words for them.
const (
	pullOpen       = "open"
	pullMerged     = "merged"
	pullDeclined   = "declined"
	pullSuperseded = "superseded"
)

// pulls is how many pull requests a repository has from the beginning.
func (r *repository) pulls() int {
	d := r.diceFor("pulls", 0)
	return d.roll(60)
}

// pullAt makes up the nth pull request, from 1.
func (r *repository) pullAt(n int) pull {
	d := r.diceFor("pull", n)
	states := []string{pullOpen, pullMerged, pullMerged, pullDeclined, pullOpen, pullSuperseded}
	p := pull{
		number: n,
		title:  fmt.Sprintf("Pull request %d of %s", n, r.name),
		body:   "What it changes, and why.",
		state:  states[d.roll(len(states))],
		author: people[d.roll(len(people))],
		source: fmt.Sprintf("feature-%d", n), target: "main",
		head: d.hash(), base: r.head(0),
		created: r.created.Add(time.Duration(n) * time.Hour),
	}
	if p.state == pullMerged {
		p.merge = d.hash()
	}
	p.updated = p.created.Add(time.Duration(d.roll(500)) * time.Minute)
	return p
}

// pullsOf returns a repository's pull requests that keep picks, with those
// that clients created, the newest first.
func pullsOf(r *repository, created *ledger[PullRequest], catalog *catalog, keep func(pull) bool) []pull {
	var all []pull
	for n := range r.pulls() {
		all = append(all, r.pullAt(n+1))
	}
	for _, p := range created.of(r) {
		all = append(all, r.pullFrom(p, catalog))
	}
	all = slices.DeleteFunc(all, func(p pull) bool { return !keep(p) })
	slices.Reverse(all)
	return all
}

// pullFrom is a created pull request as a pull.
func (r *repository) pullFrom(p PullRequest, catalog *catalog) pull {
	d := r.diceFor("created", p.Number)
	o := catalog.owner(p.Account)
	return pull{
		number: p.Number, title: p.Title, body: p.Body, state: pullOpen,
		author: person{id: o.id, login: o.login, name: displayName(o.login), account: true},
		source: p.Source, target: p.Target, head: d.hash(), base: r.head(0),
		created: p.Created, updated: p.Created,
	}
}

// pullNumbered returns the pull request with a number.
func pullNumbered(r *repository, created *ledger[PullRequest], catalog *catalog, number int) (pull, bool) {
	all := pullsOf(r, created, catalog, func(p pull) bool { return p.number == number })
	if len(all) == 0 {
		return pull{}, false
	}
	return all[0], true
}
