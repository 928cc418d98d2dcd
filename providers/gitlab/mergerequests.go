//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/xanzy/go-gitlab"
)

// libraryMergeRequest is the library's record without its UnmarshalJSON, which
// decodes everything twice and loses digits of large numbers.
type libraryMergeRequest gitlab.MergeRequest

// mergeRequest is a merge request as it comes.
type mergeRequest struct {
	libraryMergeRequest

	Draft          flag   `json:"draft"`
	WorkInProgress flag   `json:"work_in_progress"` // what it was called before GitLab 14
	UserNotesCount number `json:"user_notes_count"`
}

func (m *mergeRequest) whole() bool { return m.IID != 0 }

// native completes the library's record.
func (m *mergeRequest) native() *gitlab.MergeRequest {
	n := (*gitlab.MergeRequest)(&m.libraryMergeRequest)
	n.Draft, n.WorkInProgress, n.UserNotesCount = m.Draft.value, m.WorkInProgress.value, int(m.UserNotesCount.value)
	return n
}

// mergeStates are GitLab's words for what is asked for.
var mergeStates = map[providers.State]string{
	"": "all", providers.Open: "opened", providers.Closed: "closed", providers.Merged: "merged",
}

// PullRequests implements [providers.Driver].
func (d *driver) PullRequests(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.PullRequest], error) {
	query := paged(q, append(threadOrder(q), "state", mergeStates[q.State], "scope", "all")...)
	first := d.url(query, "projects", n.String(), "merge_requests")
	return list(ctx, d, first, q, at, func(m *mergeRequest, raw json.RawMessage) providers.PullRequest {
		return d.pullRequest(m, n.String(), raw)
	})
}

// threadOrder returns the parameters that sort and choose merge requests and
// issues. By default the oldest come first.
func threadOrder(q providers.Query) []string {
	by := map[providers.Sort]string{
		providers.ByCreated: "created_at",
		providers.ByUpdated: "updated_at",
		providers.ByName:    "title",
	}[q.Sort]
	if by == "" {
		return []string{"order_by", "created_at", "sort", "asc", "updated_after", iso(q.Since)}
	}
	return []string{"order_by", by, "sort", direction(q), "updated_after", iso(q.Since)}
}

// pullRequest makes a model of a merge request of a project.
func (d *driver) pullRequest(m *mergeRequest, into string, raw json.RawMessage) providers.PullRequest {
	n := m.native()
	draft := m.Draft
	if !draft.known {
		draft = m.WorkInProgress
	}
	m.Draft = draft
	p := providers.PullRequest{
		Origin: d.origin(n, raw),
		ID:     strconv.Itoa(n.ID), Number: int64(n.IID), Title: n.Title, Body: n.Description,
		State: mergeState(n.State), Draft: m.Draft.ptr(),
		Author: d.account(n.Author), Assignees: d.accounts(n.Assignees), Reviewers: d.accounts(n.Reviewers),
		Labels:    slices.Clone([]string(n.Labels)),
		CreatedAt: utc(n.CreatedAt), UpdatedAt: utc(n.UpdatedAt), ClosedAt: utc(n.ClosedAt),
		MergedAt: utc(n.MergedAt), MergedBy: d.account(n.MergedBy), MergeSHA: cmp.Or(n.MergeCommitSHA, n.SquashCommitSHA),
		Comments: m.UserNotesCount.ptr(), WebURL: n.WebURL,
	}
	if len(p.Assignees) == 0 {
		p.Assignees = d.accounts([]*gitlab.BasicUser{n.Assignee})
	}
	if n.References != nil {
		if project, _, ok := strings.Cut(n.References.Full, "!"); ok && project != "" {
			into = project // where it is now, if it has moved
		}
	}
	p.Base = providers.Side{Ref: n.TargetBranch, SHA: n.DiffRefs.BaseSha, Repository: into}
	p.Head = providers.Side{Ref: n.SourceBranch, SHA: cmp.Or(n.SHA, n.DiffRefs.HeadSha)}
	switch n.SourceProjectID {
	case 0: // the fork is gone
	case n.TargetProjectID:
		p.Head.Repository = into
	default:
		p.Head.Repository = strconv.Itoa(n.SourceProjectID)
	}
	return p
}

// mergeState reads GitLab's states. A merge request is locked for the moment in
// which it is being merged, and is open again if that fails.
func mergeState(s string) providers.State {
	switch s {
	case "opened", "locked", "reopened":
		return providers.Open
	case "merged":
		return providers.Merged
	}
	return providers.Closed
}
