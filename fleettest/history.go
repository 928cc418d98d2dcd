package fleettest

import (
	"fmt"
	"strings"
	"time"
)

// commit is one of a repository's made-up commits.
type commit struct {
	sha     string
	parents []string
	author  person
	message string
	at      time.Time
}

// person is who wrote a commit or a pull request.
type person struct {
	id          int64
	login, name string
	account     bool // the host knows whose account it is
}

func (p person) email() string { return p.login + "@example.com" }

// people write in all repositories.
var people = []person{
	{901, "ada", "Ada Byron", true},
	{902, "grace", "Grace Murray", true},
	{903, "edsger", "Edsger Wybe", false},
	{904, "barbara", "Barbara Jane", true},
}

// branchName is the name of a repository's ith branch, from 0.
func branchName(i int) string {
	if i == 0 {
		return "main"
	}
	return fmt.Sprintf("branch-%d", i)
}

// diceFor are dice for one purpose, apart from those that made the repository.
func (r *repository) diceFor(purpose string, i int) dice {
	d := dice(r.id^int64(i)<<40) ^ dice(r.seed)
	for _, b := range []byte(purpose) {
		d ^= dice(b)
		d.roll(1)
	}
	return d
}

// hash makes up 40 hexadecimal digits.
func (d *dice) hash() string { return fmt.Sprintf("%020x%020x", d.roll(1<<62), d.roll(1<<62)) }

// head is the hash of the last commit of the ith branch.
func (r *repository) head(i int) string {
	d := r.diceFor("", i)
	return d.hash()
}

// commits is how many commits the branch main has.
func (r *repository) commits() int {
	d := r.diceFor("commits", 0)
	return 5 + d.roll(200)
}

// history is how many commits the ith branch has. A branch has one of its own
// upon an older one of main.
func (r *repository) history(branch int) int {
	return max(1, r.commits()-branch+min(branch, 1))
}

// shaAt is the hash of the nth commit of a branch, from 0, the newest first.
func (r *repository) shaAt(branch, n int) string {
	switch {
	case n == 0:
		return r.head(branch)
	case branch > 0:
		return r.shaAt(0, branch+n-1)
	}
	d := r.diceFor("sha", n)
	return d.hash()
}

// commitAt makes up the nth commit of a branch, from 0, the newest first.
func (r *repository) commitAt(branch, n int) commit {
	if branch > 0 && n > 0 {
		return r.commitAt(0, branch+n-1)
	}
	d := r.diceFor("commit", branch<<16|n)
	c := commit{
		sha:     r.shaAt(branch, n),
		author:  people[d.roll(len(people))],
		message: fmt.Sprintf("Change %d of %s\n\nWhy it was made.\n", r.history(branch)-n, branchName(branch)),
		at:      r.pushed.Add(-time.Duration(n) * time.Hour),
	}
	if n+1 < r.history(branch) {
		c.parents = []string{r.shaAt(branch, n+1)}
	}
	return c
}

// tags is how many tags a repository has.
func (r *repository) tags() int {
	d := r.diceFor("tags", 0)
	return d.roll(8)
}

// tagName is the name of the ith tag, from 0, the newest first. It is of the
// commit i*3 of main.
func (r *repository) tagName(i int) string { return fmt.Sprintf("v1.%d.0", r.tags()-1-i) }

// tagged is the commit of the ith tag.
func (r *repository) tagged(i int) commit { return r.commitAt(0, min(i*3, r.commits()-1)) }

// resolve finds the branch and the place in its history that a name or a hash
// means. "" and HEAD mean main.
func (r *repository) resolve(revision string) (branch, n int, ok bool) {
	if revision == "" || revision == "HEAD" {
		return 0, 0, true
	}
	for i := range r.branches {
		if revision == branchName(i) || revision == r.head(i) {
			return i, 0, true
		}
	}
	for i := range r.tags() {
		if revision == r.tagName(i) {
			return 0, min(i*3, r.commits()-1), true
		}
	}
	for n := range r.commits() {
		if revision == r.shaAt(0, n) {
			return 0, n, true
		}
	}
	return 0, 0, false
}

// title is the first line of the commit's message.
func (c commit) title() string {
	first, _, _ := strings.Cut(c.message, "\n")
	return first
}
