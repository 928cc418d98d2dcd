package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-github/v66/github"
)

// Tree lists a directory by Git's trees: the list of "contents" ends after 1,000
// entries and does not say so (GitHub Docs, "Get repository content"). A tree
// is one page. A recursive one that GitHub cuts off is read directory by
// directory instead.
func (d *driver) Tree(ctx context.Context, n providers.Name, path string, q providers.Query, _ providers.Position) (providers.Page[providers.TreeEntry], error) {
	w := treeWalk{d: d, n: n, query: q}
	sha, err := w.find(ctx, path)
	if emptyRepository(err) && path == "" {
		return providers.Page[providers.TreeEntry]{}, nil
	}
	if err == nil {
		err = w.list(ctx, sha, path)
	}
	if emptyRepository(err) && path == "" {
		err = nil
	}
	return providers.Page[providers.TreeEntry]{Items: w.entries}, err
}

// treeWalk gathers the entries of a directory.
type treeWalk struct {
	d       *driver
	n       providers.Name
	query   providers.Query
	entries []providers.TreeEntry
}

// find returns what names the tree of a directory: the revision for the root,
// else the hash that the directory above says.
func (w *treeWalk) find(ctx context.Context, path string) (string, error) {
	at := w.query.Ref
	if at == "" {
		at = "HEAD"
	}
	if path == "" {
		return at, nil
	}
	for segment := range strings.SplitSeq(path, "/") {
		t, err := w.get(ctx, at, false)
		if err != nil {
			return "", err
		}
		if at = directoryIn(t.natives, segment); at == "" {
			return "", missing(fmt.Sprintf("%q is no directory", path))
		}
	}
	return at, nil
}

func directoryIn(entries []*github.TreeEntry, name string) (sha string) {
	for _, e := range entries {
		if e.GetPath() == name && e.GetType() == "tree" {
			return e.GetSHA()
		}
	}
	return ""
}

// list adds what is in the tree of a directory.
func (w *treeWalk) list(ctx context.Context, sha, path string) error {
	if w.query.Recursive {
		t, err := w.get(ctx, sha, true)
		if err != nil {
			return err
		}
		if !t.truncated {
			for i := range t.natives {
				w.add(t, i, path)
			}
			return nil
		}
	}
	t, err := w.get(ctx, sha, false)
	if err != nil {
		return err
	}
	for i, e := range t.natives {
		w.add(t, i, path)
		if w.query.Recursive && e.GetType() == "tree" {
			if err := w.list(ctx, e.GetSHA(), below(path, e)); err != nil {
				return err
			}
		}
	}
	if t.truncated {
		return &providers.Error{Kind: providers.ErrTooLarge, Message: fmt.Sprintf("the host does not list all of %q", path)}
	}
	return nil
}

// add adds the ith entry of the tree of a directory.
func (w *treeWalk) add(t *tree, i int, path string) {
	e := t.natives[i]
	o := providers.NewOrigin(w.d.info, e)
	if t.raws != nil {
		o.Raw = t.raws[i]
	}
	m := providers.TreeEntry{Origin: o, Path: below(path, e), Kind: entryKind(e), SHA: e.GetSHA()}
	if e.Size != nil {
		m.SizeBytes = new(int64(*e.Size))
	}
	w.entries = append(w.entries, m)
}

func below(path string, e *github.TreeEntry) string {
	if path == "" {
		return e.GetPath()
	}
	return path + "/" + e.GetPath()
}

// entryKind reads Git's modes.
func entryKind(e *github.TreeEntry) providers.EntryKind {
	switch {
	case e.GetType() == "tree":
		return providers.Directory
	case e.GetType() == "commit" || e.GetMode() == "160000":
		return providers.Submodule
	case e.GetMode() == "120000":
		return providers.Symlink
	}
	return providers.File
}

// tree is what the host says of a tree.
type tree struct {
	natives   []*github.TreeEntry
	raws      []json.RawMessage // as long as natives, or nil
	truncated bool
}

// get fetches a tree, with all below it if recursive is set.
func (w *treeWalk) get(ctx context.Context, sha string, recursive bool) (*tree, error) {
	params := url.Values{}
	if recursive {
		params.Set("recursive", "1") // any value would do, "false" too
	}
	resp, err := w.d.get(ctx, withQuery(repo(w.n, "git", "trees", sha), params))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Tree      []json.RawMessage `json:"tree"`
		Truncated bool              `json:"truncated"`
	}
	if err := decode(resp, &answer); err != nil {
		return nil, err
	}
	if answer.Tree == nil && resp.StatusCode != http.StatusNoContent {
		return nil, providers.Malformed(resp.StatusCode, errors.New("the answer is no tree"))
	}
	t := &tree{natives: make([]*github.TreeEntry, len(answer.Tree)), truncated: answer.Truncated}
	for i, raw := range answer.Tree {
		if err := json.Unmarshal(raw, &t.natives[i]); err != nil {
			return nil, providers.Malformed(resp.StatusCode, err)
		}
	}
	if w.query.Raw {
		t.raws = answer.Tree
	}
	return t, nil
}
