//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/xanzy/go-gitlab"
)

// file is a file as it comes.
type file struct{ gitlab.File }

func (f *file) whole() bool { return f.FilePath != "" }

// Content implements [providers.Driver]. GitLab wants a ref; HEAD is the default
// branch (GitLab docs, "Repository files API").
func (d *driver) Content(ctx context.Context, n providers.Name, path string, q providers.Query) (providers.Content, error) {
	query := url.Values{"ref": {cmp.Or(q.Ref, "HEAD")}}
	f, raw, err := one[file](ctx, d.forFiles(), d.url(query, "projects", n.String(), "repository", "files", path), q)
	if err != nil {
		return providers.Content{}, err
	}
	data := []byte(f.File.Content)
	if f.Encoding == "base64" {
		if data, err = base64.StdEncoding.DecodeString(f.File.Content); err != nil {
			return providers.Content{}, providers.Malformed(http.StatusOK, err)
		}
	}
	return providers.Content{
		Origin: d.origin(&f.File, raw), Path: f.FilePath, SHA: f.BlobID, SizeBytes: int64(f.Size), Data: data,
	}, nil
}

// forFiles is the driver for a request whose answer is a file.
func (d *driver) forFiles() *driver {
	f := *d
	f.most *= providers.FileAnswers
	return &f
}

// node is an entry of a directory as it comes.
type node struct{ gitlab.TreeNode }

func (n *node) whole() bool { return n.Path != "" }

// Tree implements [providers.Driver].
func (d *driver) Tree(ctx context.Context, n providers.Name, path string, q providers.Query, at providers.Position) (providers.Page[providers.TreeEntry], error) {
	query := paged(q, "path", path, "ref", q.Ref, "pagination", "keyset")
	if q.Recursive {
		query.Set("recursive", "true")
	}
	page, err := list(ctx, d, d.url(query, "projects", n.String(), "repository", "tree"), q, at, d.entry)
	if err != nil && path == "" && q.Ref == "" && at.Next == "" {
		return orEmpty(ctx, d, n, page, err)
	}
	return page, err
}

// entry makes a model of an entry of a directory.
func (d *driver) entry(n *node, raw json.RawMessage) providers.TreeEntry {
	return providers.TreeEntry{Origin: d.origin(&n.TreeNode, raw), Path: n.Path, SHA: n.ID, Kind: entryKind(n.Type, n.Mode)}
}

// entryKind reads Git's own words: the mode tells links from files.
func entryKind(kind, mode string) providers.EntryKind {
	switch {
	case kind == "tree":
		return providers.Directory
	case kind == "commit":
		return providers.Submodule
	case strings.HasPrefix(mode, "12"):
		return providers.Symlink
	}
	return providers.File
}
