//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/xanzy/go-gitlab"
)

// commit is a commit as it comes.
type commit struct{ gitlab.Commit }

func (c *commit) whole() bool { return c.ID != "" }

// Commits implements [providers.Driver]. GitLab chooses by a pattern that may
// match other addresses as well, and before 15.10 not at all, so that authors
// are compared here, too.
func (d *driver) Commits(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Commit], error) {
	if q.Author != "" && !strings.Contains(q.Author, "@") {
		return providers.Page[providers.Commit]{}, providers.Unsupported("gitlab knows the authors of commits by their e-mail addresses, not by login")
	}
	query := paged(q, "ref_name", q.Ref, "path", q.Path, "author", q.Author,
		"since", iso(wholeSecond(q.Since)), "until", iso(q.Until.Truncate(time.Second)))
	page, err := list(ctx, d, d.url(query, "projects", n.String(), "repository", "commits"), q, at, d.commit)
	if q.Author != "" {
		page.Items = slices.DeleteFunc(page.Items, func(c providers.Commit) bool {
			return !strings.EqualFold(c.Author.Email, q.Author)
		})
	}
	if err != nil && q.Ref == "" && at.Next == "" {
		return orEmpty(ctx, d, n, page, err)
	}
	return page, err
}

// wholeSecond returns the first whole second that is not before t: Git knows no
// smaller unit.
func wholeSecond(t time.Time) time.Time {
	if s := t.Truncate(time.Second); s.Before(t) {
		return s.Add(time.Second)
	}
	return t
}

// commit makes a model of a commit.
func (d *driver) commit(c *commit, raw json.RawMessage) providers.Commit {
	return providers.Commit{
		Origin: d.origin(&c.Commit, raw), SHA: c.ID, Message: c.Message, WebURL: c.WebURL,
		Parents:   slices.Clone(c.ParentIDs),
		Author:    providers.Signature{Name: c.AuthorName, Email: c.AuthorEmail, Date: utc(c.AuthoredDate)},
		Committer: providers.Signature{Name: c.CommitterName, Email: c.CommitterEmail, Date: utc(c.CommittedDate)},
	}
}

// contributor is a contributor as it comes.
type contributor struct{ gitlab.Contributor }

func (c *contributor) whole() bool { return c.Name != "" || c.Email != "" }

// Contributors implements [providers.ContributorDriver]: who has most commits
// comes first.
func (d *driver) Contributors(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Contributor], error) {
	query := paged(q, "order_by", "commits", "sort", "desc")
	page, err := list(ctx, d, d.url(query, "projects", n.String(), "repository", "contributors"), q, at, d.contributor)
	if err != nil && at.Next == "" {
		return orEmpty(ctx, d, n, page, err)
	}
	return page, err
}

// contributor makes a model of a contributor. GitLab has no account for them.
func (d *driver) contributor(c *contributor, raw json.RawMessage) providers.Contributor {
	v := providers.Contributor{
		Origin: d.origin(&c.Contributor, raw), Name: c.Name, Email: c.Email, Commits: int64(c.Commits),
	}
	// Both are 0 for everybody since GitLab 13.4, which does not count them
	// (GitLab issue 233119).
	if c.Additions != 0 || c.Deletions != 0 {
		v.Additions, v.Deletions = new(int64(c.Additions)), new(int64(c.Deletions))
	}
	return v
}
