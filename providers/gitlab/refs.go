//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab

import (
	"context"
	"encoding/json"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/xanzy/go-gitlab"
)

// branch is a branch as it comes.
type branch struct {
	gitlab.Branch

	Protected flag `json:"protected"`
	Default   flag `json:"default"`
}

func (b *branch) whole() bool { return b.Name != "" }

// Branches implements [providers.Driver].
func (d *driver) Branches(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Branch], error) {
	return list(ctx, d, d.url(paged(q), "projects", n.String(), "repository", "branches"), q, at, d.branch)
}

// branch makes a model of a branch.
func (d *driver) branch(b *branch, raw json.RawMessage) providers.Branch {
	native := &b.Branch
	native.Protected, native.Default = b.Protected.value, b.Default.value
	v := providers.Branch{
		Origin: d.origin(native, raw), Name: native.Name, WebURL: native.WebURL,
		Protected: b.Protected.ptr(), Default: b.Default.ptr(),
	}
	if native.Commit != nil {
		v.SHA, v.CommittedAt = native.Commit.ID, utc(native.Commit.CommittedDate)
	}
	return v
}

// tag is a tag as it comes. The library does not know its date.
type tag struct {
	gitlab.Tag

	CreatedAt stamp `json:"created_at"`
}

func (t *tag) whole() bool { return t.Name != "" }

// Tags implements [providers.Driver]. The oldest come first.
func (d *driver) Tags(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Tag], error) {
	query := paged(q, "order_by", "updated", "sort", "asc")
	return list(ctx, d, d.url(query, "projects", n.String(), "repository", "tags"), q, at, d.tag)
}

// tag makes a model of a tag. The target of an annotated one is not its commit.
func (d *driver) tag(t *tag, raw json.RawMessage) providers.Tag {
	v := providers.Tag{
		Origin: d.origin(&t.Tag, raw), Name: t.Name, SHA: t.Target, Message: t.Message, Date: t.CreatedAt.UTC(),
	}
	if t.Commit != nil {
		v.SHA = t.Commit.ID
	}
	return v
}
