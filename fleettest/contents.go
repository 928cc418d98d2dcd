package fleettest

import "fmt"

// Contents is how much a repository holds. In every number 0 means one that
// the seed chooses, and a negative number means none.
//
// What is there is the same for the same seed, and keeps its identity when
// there is more of it: a repository that is given 101 commits in place of 100
// has a new one before them. A list has the newest first, unless the host says
// otherwise, so that things are added at its head.
type Contents struct {
	// Branches is how many there are, main among them. Some have a slash in
	// their names.
	Branches int

	// Tags is how many there are, at least as many as releases.
	Tags int

	// Commits is how many main has, at least as many as contributors. If there
	// is none the repository is empty, and has no branch, tag, release, file,
	// contributor or pull request.
	Commits int

	// Contributors is how many people wrote the commits of main. Each fourth
	// has no account, and from the 500th on none is known to GitHub.
	Contributors int

	// PullRequests is how many there are in all states. At GitLab they are
	// merge requests.
	PullRequests int

	// Issues is how many there are in all states. GitHub numbers issues
	// oddly and pull requests evenly, so that neither kind renumbers the
	// other. Bitbucket has none.
	Issues int

	// Releases is how many there are. Bitbucket has none.
	Releases int

	// Files is how many every commit has. The first is README.md; the third
	// is larger than 1 MiB.
	Files int
}

// SetContents says what a repository holds, from now on, in place of its
// owner's [Owner.Contents]. What clients created stays. Called from
// [Fault.Do], it changes a list while a client walks through it.
func (h *host) SetContents(owner, repository string, contents Contents) {
	r, _ := h.catalog.repository(owner, repository)
	if r == nil {
		panic(fmt.Sprintf("fleettest: SetContents: the simulated %s has no repository %q", h.name, owner+"/"+repository))
	}
	h.catalog.setContents(r, contents)
}

// howMany is a number of [Contents]: the one that is given, or least and up to
// spread-1 more.
func (r *repository) howMany(given int, purpose string, least, spread int) int {
	if given != 0 {
		return max(0, given)
	}
	d := r.diceFor(purpose, 0)
	return least + d.roll(spread)
}

// empty reports whether nobody has committed anything.
func (r *repository) empty() bool { return r.contents.Commits < 0 }

// branches is how many branches a repository has.
func (r *repository) branches() int {
	if r.empty() {
		return 0
	}
	return max(1, r.howMany(r.contents.Branches, "branches", 1, 5))
}

// commits is how many commits the branch main has.
func (r *repository) commits() int {
	if r.empty() {
		return 0
	}
	return max(r.howMany(r.contents.Commits, "commits", 5, 200), r.contents.Contributors)
}

// tags is how many tags a repository has.
func (r *repository) tags() int {
	if r.empty() {
		return 0
	}
	return max(r.howMany(r.contents.Tags, "tags", 0, 8), r.contents.Releases)
}

// releases is how many releases a repository has, by default not of all tags.
func (r *repository) releases() int {
	if r.empty() {
		return 0
	}
	return min(r.howMany(r.contents.Releases, "releases", 0, 6), r.tags())
}

// contributors is how many people wrote main.
func (r *repository) contributors() int {
	if r.contents.Contributors < 0 {
		return min(1, r.commits()) // a commit has an author
	}
	return min(r.howMany(r.contents.Contributors, "contributors", 1, 6), r.commits())
}

// pulls is how many pull requests a repository has from the beginning.
func (r *repository) pulls() int {
	if r.empty() {
		return 0
	}
	return r.howMany(r.contents.PullRequests, "pulls", 0, 60)
}

// issueCount is how many issues a repository has from the beginning.
func (r *repository) issueCount() int { return r.howMany(r.contents.Issues, "issues", 0, 60) }

// files is how many files each commit has.
func (r *repository) files() int {
	if r.empty() {
		return 0
	}
	return r.howMany(r.contents.Files, "files", 3, 20)
}
