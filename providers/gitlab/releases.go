//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab

import (
	"context"
	"encoding/json"
	"path"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/xanzy/go-gitlab"
)

// release is a release as it comes.
type release struct{ gitlab.Release }

func (r *release) whole() bool { return r.TagName != "" }

// Releases implements [providers.ReleaseDriver]. The newest come first.
func (d *driver) Releases(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Release], error) {
	query := paged(q, "order_by", "released_at", "sort", "desc")
	return list(ctx, d, d.url(query, "projects", n.String(), "releases"), q, at, d.release)
}

// release makes a model of a release. GitLab has neither drafts nor prereleases:
// an upcoming release is one whose date is yet to come.
func (d *driver) release(r *release, raw json.RawMessage) providers.Release {
	a := r.Author
	return providers.Release{
		Origin: d.origin(&r.Release, raw), Tag: r.TagName, Name: r.Name, Body: r.Description,
		Author: d.account(&gitlab.BasicUser{
			ID: a.ID, Username: a.Username, Name: a.Name, State: a.State, AvatarURL: a.AvatarURL, WebURL: a.WebURL,
		}),
		CreatedAt: utc(r.CreatedAt), PublishedAt: utc(r.ReleasedAt), Assets: assets(&r.Release), WebURL: r.Links.Self,
	}
}

// assets returns what was attached to a release, and then its source as GitLab
// packs it.
func assets(r *gitlab.Release) []providers.Asset {
	var found []providers.Asset
	for _, l := range r.Assets.Links {
		if l != nil {
			found = append(found, providers.Asset{Name: l.Name, URL: l.URL})
		}
	}
	for _, s := range r.Assets.Sources {
		found = append(found, providers.Asset{Name: path.Base(s.URL), URL: s.URL})
	}
	return found
}
