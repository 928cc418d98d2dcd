package fleettest

import (
	"fmt"
	"net/http"
	"time"
)

// release is a made-up release.
type release struct {
	number     int // from 1
	tag        string
	commit     commit
	prerelease bool
	author     person
	published  time.Time
}

// releaseAt makes up the ith release, from 0, the newest first. There is one of
// each tag, up to as many as there are.
func (r *repository) releaseAt(i int) release {
	n := r.releases() - i
	tag := r.tags() - n
	v := release{number: n, tag: r.tagName(tag), commit: r.tagged(tag), prerelease: n%5 == 3, author: people[n%2]}
	v.published = v.commit.at.Add(36 * time.Hour)
	return v
}

// listReleases answers GET /repos/{owner}/{repo}/releases.
func (g *GitHub) listReleases(c *call, r *repository) *answer {
	return paged(c, listPath(r, "releases"), r.releases(), func(i int) any { return githubReleaseJSON(c, r, r.releaseAt(i)) })
}

// latestRelease answers GET /repos/{owner}/{repo}/releases/latest: the newest
// that is no prerelease.
func (g *GitHub) latestRelease(c *call, r *repository) *answer {
	for i := range r.releases() {
		if v := r.releaseAt(i); !v.prerelease {
			return newJSON(http.StatusOK, githubReleaseJSON(c, r, v))
		}
	}
	return notFound(g, c)
}

// releaseByTag answers GET /repos/{owner}/{repo}/releases/tags/{tag}.
func (g *GitHub) releaseByTag(c *call, r *repository) *answer {
	for i := range r.releases() {
		if v := r.releaseAt(i); v.tag == c.lastSegment() {
			return newJSON(http.StatusOK, githubReleaseJSON(c, r, v))
		}
	}
	return notFound(g, c)
}

// githubReleaseJSON shows a release. What GitHub calls its creation is that of
// its commit.
func githubReleaseJSON(c *call, r *repository, v release) any {
	id := r.id*1000 + int64(v.number)
	self := fmt.Sprintf("%s/repos/%s/releases/%d", c.base, r.fullName(), id)
	return map[string]any{
		"id": id, "node_id": nodeID("Release", id), "url": self, "assets_url": self + "/assets",
		"upload_url": fmt.Sprintf("%s/repos/%s/releases/%d/assets{?name,label}", githubUploads, r.fullName(), id),
		"html_url":   "https://github.com/" + r.fullName() + "/releases/tag/" + v.tag,
		"tag_name":   v.tag, "target_commitish": branchName(0), "name": "Release " + v.tag, "body": "What is new in " + v.tag + ".",
		"draft": false, "prerelease": v.prerelease, "immutable": false, "author": githubPerson(c, v.author),
		"created_at": githubTime(v.commit.at), "published_at": githubTime(v.published),
		"tarball_url": c.base + "/repos/" + r.fullName() + "/tarball/" + v.tag, "zipball_url": c.base + "/repos/" + r.fullName() + "/zipball/" + v.tag,
		"assets": []any{assetJSON(c, r, fmt.Sprint(id), fmt.Sprintf("%s-%s.tar.gz", r.name, v.tag), len(assetBody(r.id, fmt.Sprint(id))))},
	}
}
