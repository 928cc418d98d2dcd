package bitbucket

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
)

// treeDepth is how many levels of directories are asked for at once. Bitbucket
// goes through them level by level and answers 555 if that takes too long
// (Atlassian developer, "Get file or directory contents").
const treeDepth = 10

// statusTooDeep is the answer to a depth that took too long.
const statusTooDeep = 555

// entry is what stands in a directory.
type entry struct {
	Path       string   `json:"path"`
	Type       string   `json:"type"`
	Attributes []string `json:"attributes"`
	Size       *int64   `json:"size"`
	Commit     commit   `json:"commit"`
}

func (e *entry) identified() bool { return e.Path != "" && e.Type != "" }

// Tree implements [providers.Driver].
func (d *driver) Tree(ctx context.Context, n providers.Name, path string, q providers.Query, at providers.Position) (providers.Page[providers.TreeEntry], error) {
	none := providers.Page[providers.TreeEntry]{}
	address, walk := readTreeWalk(at.Next)
	if address == "" {
		revision, err := d.revision(ctx, n, q.Ref)
		if err != nil || revision == "" {
			return none, err
		}
		walk = treeWalk{revision: revision, dir: path}
		if q.Recursive {
			walk.depth = treeDepth
		}
		if address, err = d.directory(n, q, walk); err != nil {
			return none, err
		}
	}
	p, err := d.treePage(ctx, address, q, &walk)
	if hasStatus(err, statusTooDeep) && walk.depth > 1 {
		walk.depth = 1 // from here on one directory after the other
		if address, err = d.directory(n, q, walk); err == nil {
			p, err = d.treePage(ctx, address, q, &walk)
		}
	}
	if err != nil {
		return p, err
	}
	if p.Next == "" && len(walk.later) > 0 {
		walk.dir, walk.later = walk.later[0], walk.later[1:]
		if p.Next, err = d.directory(n, q, walk); err != nil {
			return p, err
		}
	}
	p.Next = walk.write(p.Next)
	return p, nil
}

// treePage asks for a page of a directory. The directories in it that are too
// deep to have been looked into are put off.
func (d *driver) treePage(ctx context.Context, address string, q providers.Query, walk *treeWalk) (providers.Page[providers.TreeEntry], error) {
	return list(ctx, d, q, address, func(o providers.Origin, e *entry) providers.TreeEntry {
		if e.Commit.Hash != "" {
			walk.revision = e.Commit.Hash // a branch may move on meanwhile
		}
		if e.kind() == providers.Directory && walk.depth > 0 && walk.level(e.Path) >= walk.depth {
			walk.later = append(walk.later, e.Path)
		}
		v := providers.TreeEntry{Origin: o, Path: e.Path, Kind: e.kind()}
		if v.Kind == providers.File || v.Kind == providers.Symlink {
			v.SizeBytes = e.Size
		}
		return v
	})
}

// directory returns where a directory's first page is. The root has a slash at
// its end, and others may.
func (d *driver) directory(n providers.Name, q providers.Query, walk treeWalk) (string, error) {
	v := paging(q, pageLength)
	if walk.depth > 0 {
		v.Set("max_depth", strconv.Itoa(walk.depth))
	}
	segments := []string{"src", walk.revision}
	if walk.dir != "" {
		segments = append(segments, strings.Split(walk.dir, "/")...)
	}
	return d.of(n, v, append(segments, "")...)
}

func (e *entry) kind() providers.EntryKind {
	switch {
	case e.Type == "commit_directory":
		return providers.Directory
	case slices.Contains(e.Attributes, "link"):
		return providers.Symlink
	case slices.Contains(e.Attributes, "subrepository"):
		return providers.Submodule
	}
	return providers.File
}

// treeWalk is where a walk through a tree is. It goes along with the link to the
// next page, behind a #.
type treeWalk struct {
	revision string
	dir      string   // the directory that is being read
	depth    int      // how many levels of it at once; 0 is not recursive
	later    []string // directories that are still to be read
}

// level is how deep below the directory a path is, 1 for what stands in it.
func (w *treeWalk) level(path string) int {
	if w.dir != "" {
		path = strings.TrimPrefix(path, w.dir+"/")
	}
	return strings.Count(path, "/") + 1
}

// write adds the walk to a link.
func (w *treeWalk) write(next string) string {
	if next == "" || w.depth == 0 {
		return next
	}
	v := url.Values{"revision": {w.revision}, "dir": {w.dir}, "depth": {strconv.Itoa(w.depth)}, "later": w.later}
	return next + "#" + v.Encode()
}

// readTreeWalk takes a link and the walk apart.
func readTreeWalk(next string) (address string, w treeWalk) {
	address, state, _ := strings.Cut(next, "#")
	v, err := url.ParseQuery(state)
	if err != nil {
		return address, w
	}
	w.revision, w.dir, w.later = v.Get("revision"), v.Get("dir"), v["later"]
	w.depth, _ = strconv.Atoi(v.Get("depth"))
	return address, w
}
