package github

import (
	"context"
	"net/url"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-github/v66/github"
)

// Releases lists drafts as well, to those who may write.
func (d *driver) Releases(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Release], error) {
	params := url.Values{}
	paged(params, q)
	l := list[github.RepositoryRelease, providers.Release]{first: withQuery(repo(n, "releases"), params), model: d.release}
	return l.page(ctx, d, q, at)
}

func (d *driver) release(o providers.Origin, r *github.RepositoryRelease) providers.Release {
	f := &struct{ draft, prerelease bool }{}
	return providers.Release{
		Origin: o, ID: id(r.ID), Tag: r.GetTagName(), Name: r.GetName(), Body: r.GetBody(),
		Draft: flag(&f.draft, r.Draft), Prerelease: flag(&f.prerelease, r.Prerelease), Author: d.brief(r.Author),
		CreatedAt: utc(r.CreatedAt), PublishedAt: utc(r.PublishedAt), Assets: assets(r.Assets), WebURL: r.GetHTMLURL(),
	}
}

func assets(as []*github.ReleaseAsset) []providers.Asset {
	if len(as) == 0 {
		return nil
	}
	all := make([]providers.Asset, 0, len(as))
	for _, a := range as {
		f := &struct{ size, downloads int64 }{}
		all = append(all, providers.Asset{
			Name: a.GetName(), URL: a.GetBrowserDownloadURL(),
			SizeBytes: number(&f.size, a.Size), Downloads: number(&f.downloads, a.DownloadCount),
		})
	}
	return all
}
