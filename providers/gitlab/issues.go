//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/xanzy/go-gitlab"
)

// libraryIssue is the library's record without its UnmarshalJSON, which panics
// if there is no id and loses digits of large numbers.
type libraryIssue gitlab.Issue

// issue is an issue as it comes.
type issue struct {
	libraryIssue

	UserNotesCount   number `json:"user_notes_count"`
	DiscussionLocked flag   `json:"discussion_locked"`
}

func (i *issue) whole() bool { return i.IID != 0 }

// native completes the library's record.
func (i *issue) native() *gitlab.Issue {
	n := (*gitlab.Issue)(&i.libraryIssue)
	n.UserNotesCount, n.DiscussionLocked = int(i.UserNotesCount.value), i.DiscussionLocked.value
	return n
}

// issueStates are GitLab's words for what is asked for.
var issueStates = map[providers.State]string{"": "all", providers.Open: "opened", providers.Closed: "closed"}

// Issues implements [providers.IssueDriver].
func (d *driver) Issues(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Issue], error) {
	state, ok := issueStates[q.State]
	if !ok {
		return providers.Page[providers.Issue]{}, providers.Unsupported("issues are open or closed, and never merged")
	}
	query := paged(q, append(threadOrder(q), "state", state, "scope", "all")...)
	return list(ctx, d, d.url(query, "projects", n.String(), "issues"), q, at, d.issue)
}

// issue makes a model of an issue.
func (d *driver) issue(i *issue, raw json.RawMessage) providers.Issue {
	n := i.native()
	v := providers.Issue{
		Origin: d.origin(n, raw),
		ID:     strconv.Itoa(n.ID), Number: int64(n.IID), Title: n.Title, Body: n.Description,
		State: providers.Closed, Labels: slices.Clone([]string(n.Labels)),
		Comments: i.UserNotesCount.ptr(), Locked: i.DiscussionLocked.ptr(),
		CreatedAt: utc(n.CreatedAt), UpdatedAt: utc(n.UpdatedAt), ClosedAt: utc(n.ClosedAt), WebURL: n.WebURL,
	}
	if n.State != "closed" {
		v.State = providers.Open
	}
	if n.Milestone != nil {
		v.Milestone = n.Milestone.Title
	}
	if a := n.Author; a != nil {
		v.Author = d.account(&gitlab.BasicUser{ID: a.ID, Username: a.Username, Name: a.Name, State: a.State, AvatarURL: a.AvatarURL, WebURL: a.WebURL})
	}
	assigned := n.Assignees
	if len(assigned) == 0 {
		assigned = []*gitlab.IssueAssignee{n.Assignee}
	}
	for _, a := range assigned {
		if a != nil {
			v.Assignees = append(v.Assignees, d.account(&gitlab.BasicUser{ID: a.ID, Username: a.Username, Name: a.Name, State: a.State, AvatarURL: a.AvatarURL, WebURL: a.WebURL}))
		}
	}
	return v
}
