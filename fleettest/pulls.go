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
	draft   bool
	created time.Time
	updated time.Time

	generated bool // not by a client
}

// The states of pull requests. Each host has its own words for them.
const (
	pullOpen       = "open"
	pullMerged     = "merged"
	pullDeclined   = "declined"
	pullSuperseded = "superseded"
)

// pullAt makes up the nth pull request, from 1, less what describe adds.
func (r *repository) pullAt(n int) pull {
	d := r.diceFor("pull", n)
	states := []string{pullOpen, pullMerged, pullMerged, pullDeclined, pullOpen, pullSuperseded}
	p := pull{
		number: n,
		state:  states[d.roll(len(states))],
		author: people[d.roll(len(people))],
		draft:  d.roll(8) == 0,
		target: branchName(0), generated: true,
		created: r.created.Add(time.Duration(n) * time.Hour),
	}
	p.updated = p.created.Add(time.Duration(d.roll(500)) * time.Minute)
	return p
}

// described returns p with its texts and hashes, which lists leave out until
// they are shown.
func (r *repository) described(p pull) pull {
	d := r.diceFor("described", p.number)
	p.head, p.base = d.hash(), r.head(0)
	if p.state == pullMerged {
		p.merge = d.hash()
	}
	if p.generated {
		p.title = fmt.Sprintf("Pull request %d of %s", p.number, r.name)
		p.body = "What it changes, and why."
		p.source = p.branch()
	}
	return p
}

// branch is the branch that a made-up pull request comes from.
func (p pull) branch() string { return fmt.Sprintf("feature/%d", p.number) }

// pullsOf returns a repository's pull requests that keep picks, with those
// that clients created, the newest first.
func pullsOf(r *repository, created *ledger[PullRequest], catalog *catalog, keep func(pull) bool) []pull {
	all := make([]pull, 0, r.pulls())
	for n := range r.pulls() {
		if p := r.pullAt(n + 1); keep(p) {
			all = append(all, p)
		}
	}
	for _, v := range created.of(r) {
		if p := r.pullFrom(v, catalog); keep(p) {
			all = append(all, p)
		}
	}
	slices.Reverse(all)
	return all
}

// pullFrom is a created pull request as a pull.
func (r *repository) pullFrom(p PullRequest, catalog *catalog) pull {
	o := catalog.owner(p.Account)
	return pull{
		number: p.Number, title: p.Title, body: p.Body, state: pullOpen,
		author: person{id: o.id, login: o.login, name: displayName(o.login), account: true},
		source: p.Source, target: p.Target, created: p.Created, updated: p.Created,
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
