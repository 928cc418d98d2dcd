package fleettest

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
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
	file    int // the file it changes, -1 for none
}

// branchName is the name of a repository's ith branch, from 0. Each third has
// a slash in it.
func branchName(i int) string {
	switch {
	case i == 0:
		return "main"
	case i%3 == 2:
		return fmt.Sprintf("feature/branch-%d", i)
	}
	return fmt.Sprintf("branch-%d", i)
}

// branchNamed finds a branch by its name.
func (r *repository) branchNamed(name string) (i int, ok bool) {
	if name == branchName(0) {
		return 0, !r.empty()
	}
	i, err := strconv.Atoi(strings.TrimPrefix(strings.TrimPrefix(name, "feature/"), "branch-"))
	return i, err == nil && i > 0 && i < r.branches() && name == branchName(i)
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
func (d *dice) hash() string {
	var sum []byte
	for range 5 {
		sum = binary.BigEndian.AppendUint32(sum, uint32(d.roll(1<<32)))
	}
	return hex.EncodeToString(sum)
}

// head is the hash of the last commit of the ith branch.
func (r *repository) head(i int) string { return r.shaAt(i, 0) }

// history is how many commits the ith branch has. A branch has one of its own
// upon an older one of main.
func (r *repository) history(branch int) int {
	return max(1, r.commits()-branch+min(branch, 1))
}

// shaAt is the hash of the nth commit of a branch, from 0, the newest first.
func (r *repository) shaAt(branch, n int) string {
	if branch > 0 && n > 0 {
		return r.shaAt(0, branch+n-1)
	}
	d := r.diceFor("sha", r.commits()-n)
	if branch > 0 {
		d = r.diceFor("head", branch)
	}
	return d.hash()
}

// commitAt makes up the nth commit of a branch, from 0, the newest first.
func (r *repository) commitAt(branch, n int) commit {
	if branch > 0 && n > 0 {
		return r.commitAt(0, branch+n-1)
	}
	age := r.history(branch) - n
	c := commit{
		sha:     r.shaAt(branch, n),
		author:  r.authorOf(age),
		message: fmt.Sprintf("Change %d of %s\n\nWhy it was made.\n", age, branchName(branch)),
		at:      r.created.Add(time.Duration(age) * time.Hour),
		file:    -1,
	}
	if files := r.files(); files > 0 {
		c.file = (age - 1) % files
	}
	if age > 1 {
		c.parents = []string{r.shaAt(branch, n+1)}
	}
	return c
}

// tagName is the name of the ith tag, from 0, the newest first.
func (r *repository) tagName(i int) string { return fmt.Sprintf("v1.%d.0", r.tags()-1-i) }

// tagPlace is where in main's history the ith tag is. The nth tag is of the
// third commit after that of the one before it.
func (r *repository) tagPlace(i int) int { return max(0, r.commits()-3*(r.tags()-i)) }

// tagged is the commit of the ith tag.
func (r *repository) tagged(i int) commit { return r.commitAt(0, r.tagPlace(i)) }

// tagNamed finds a tag by its name.
func (r *repository) tagNamed(name string) (i int, ok bool) {
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(name, "v1."), ".0"))
	i = r.tags() - 1 - n
	return i, err == nil && n >= 0 && i >= 0 && name == r.tagName(i)
}

// resolve finds the branch and the place in its history that a name or a hash
// means. A hash may be cut short. "" and HEAD mean main.
func (r *repository) resolve(revision string) (branch, n int, ok bool) {
	if revision == "" || revision == "HEAD" {
		return 0, 0, !r.empty()
	}
	if i, ok := r.branchNamed(strings.TrimPrefix(revision, "refs/heads/")); ok {
		return i, 0, true
	}
	if i, ok := r.tagNamed(strings.TrimPrefix(revision, "refs/tags/")); ok {
		return 0, r.tagPlace(i), true
	}
	return r.resolveHash(strings.ToLower(revision))
}

// resolveHash finds the commit with a hash, or with one that begins so.
func (r *repository) resolveHash(hash string) (branch, n int, ok bool) {
	if len(hash) < 7 {
		return 0, 0, false
	}
	for n := range r.commits() {
		if strings.HasPrefix(r.shaAt(0, n), hash) {
			return 0, n, true
		}
	}
	for i := range r.branches() {
		if strings.HasPrefix(r.head(i), hash) {
			return i, 0, true
		}
	}
	return 0, 0, false
}

// title is the first line of the commit's message.
func (c commit) title() string {
	first, _, _ := strings.Cut(c.message, "\n")
	return first
}
