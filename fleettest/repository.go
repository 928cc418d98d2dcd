package fleettest

import (
	"fmt"
	"time"
)

// repository is a made-up repository. All hosts show the same ones.
type repository struct {
	id    int64
	owner *owner
	n     int // from 1
	name  string
	seed  uint64

	private     bool
	fork        bool
	archived    bool
	description string
	language    string
	license     string // SPDX identifier, "" if none
	topics      []string
	stars       int
	forks       int
	issues      int
	size        int // KiB
	created     time.Time
	updated     time.Time
	pushed      time.Time
	contents    Contents
}

var (
	languages = []string{"Go", "Python", "Ruby", "Rust", "TypeScript", "Java", "C", ""}
	licenses  = []string{"MIT", "Apache-2.0", "BSD-3-Clause", ""}
	topics    = []string{"api", "cli", "database", "git", "http", "library", "tools"}
)

// firstCreated is when the oldest repositories were created. It is a fixed
// date, so that data does not depend on the day.
var firstCreated = time.Date(2014, time.March, 1, 9, 0, 0, 0, time.UTC)

// generate makes up an owner's nth repository.
func (c *catalog) generate(o *owner, n int) *repository {
	contents, name := c.stateOf(o, n)
	d := dice(c.seed ^ uint64(o.id)<<32 ^ uint64(n))
	r := &repository{
		id: o.id*repositoriesToAID + int64(n), owner: o, n: n, seed: c.seed,
		name: name, contents: contents,
		private:     n > o.repositories-o.private,
		fork:        d.roll(8) == 0,
		archived:    d.roll(16) == 0,
		description: describe(o, n),
		language:    languages[d.roll(len(languages))],
		license:     licenses[d.roll(len(licenses))],
		stars:       d.roll(5000),
		forks:       d.roll(500),
		issues:      d.roll(100),
		size:        1 + d.roll(100_000),
		created:     firstCreated.Add(time.Duration(n) * time.Hour),
	}
	for first, i := d.roll(len(topics)), d.roll(3); i > 0; i-- {
		r.topics = append(r.topics, topics[(first+i)%len(topics)])
	}
	r.pushed = r.created.Add(time.Duration(max(d.roll(40_000), r.commits())) * time.Hour)
	r.updated = r.pushed.Add(time.Duration(d.roll(1000)) * time.Minute)
	return r
}

// describe is what an owner's nth repository says of itself. Some use more
// than ASCII.
func describe(o *owner, n int) string {
	text := fmt.Sprintf("Repository %d of %s", n, o.login)
	if n%5 == 4 {
		text += " – größer & schneller, 速い 🚀 <b>"
	}
	return text
}

// fullName is the owner and the name.
func (r *repository) fullName() string { return r.owner.login + "/" + r.name }

// visibleTo reports whether an account sees the repository.
func (r *repository) visibleTo(a *account) bool {
	return !r.private || a.seesPrivateOf(r.owner)
}

// dice are random numbers that are the same for the same start (SplitMix64).
type dice uint64

// roll returns a number from 0 to n-1.
func (d *dice) roll(n int) int {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(n))
}
