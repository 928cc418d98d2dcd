package tokens

import (
	"context"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// gitLabUser is what GitLab says of a user.
type gitLabUser struct {
	ID       int64
	Username string
}

func (u gitLabUser) sighting(kind Kind) sighting {
	s := sighting{Identity: Identity{Login: u.Username, AccountID: idText(u.ID), Kind: kind}}
	s.countedAs(s.AccountID)
	return s
}

// identifyGitLab asks for the token and for its user. A job's token acts as the
// user who started the job, and has an endpoint of its own (GitLab docs, "Jobs
// API").
func (h *Host) identifyGitLab(ctx context.Context, e *entry, kind Kind) (sighting, error) {
	if kind == KindJob {
		return h.identifyJob(ctx, e)
	}
	var self *gitLabToken
	if kind == KindPersonal {
		var err error
		if self, err = h.gitLabToken(ctx, e); err != nil {
			return sighting{}, err
		}
	} else {
		kind = KindOAuth // what is no access token of GitLab's is a Bearer of OAuth
	}
	r, err := h.get(ctx, e, "/user", "")
	if err != nil {
		return sighting{}, err
	}
	var user gitLabUser
	if r.seen.Class == ratelimit.Forbidden && self != nil {
		user.ID = self.UserID // its scopes do not allow to read the user
	} else if err := r.into(&user); err != nil {
		return sighting{}, err
	}
	s := user.sighting(gitLabKind(kind, user.Username))
	if self != nil {
		s.Scopes, s.ends = self.Scopes, self.ends()
	}
	return s, nil
}

func (h *Host) identifyJob(ctx context.Context, e *entry) (sighting, error) {
	r, err := h.get(ctx, e, "/job", "")
	if err != nil {
		return sighting{}, err
	}
	var job struct{ User gitLabUser }
	if err := r.into(&job); err != nil {
		return sighting{}, err
	}
	return job.User.sighting(KindJob), nil
}

// gitLabKind tells the tokens of projects and groups, which have a bot as their
// user, by its name (GitLab docs, "Project access tokens", section "Bot users for
// projects").
func gitLabKind(kind Kind, username string) Kind {
	switch {
	case kind != KindPersonal || !strings.Contains(username, "_bot"):
	case strings.HasPrefix(username, "project_"):
		return KindProject
	case strings.HasPrefix(username, "group_"):
		return KindGroup
	}
	return kind
}

// gitLabToken is what GitLab says of an access token.
type gitLabToken struct {
	UserID    int64  `json:"user_id"`
	ExpiresAt string `json:"expires_at"`
	Scopes    []string
}

// ends returns when the token ends: at the beginning of a day in UTC (GitLab
// docs, "Personal access tokens").
func (t gitLabToken) ends() time.Time {
	day, err := time.Parse(time.DateOnly, t.ExpiresAt)
	if err != nil {
		return time.Time{}
	}
	return day
}

// gitLabToken asks for the token itself. GitLab before 15.5 does not know that;
// then there is nothing to tell, and no error.
func (h *Host) gitLabToken(ctx context.Context, e *entry) (*gitLabToken, error) {
	r, err := h.get(ctx, e, "/personal_access_tokens/self", "")
	if err != nil {
		return nil, err
	}
	if r.seen.Class == ratelimit.NotFound {
		return nil, nil
	}
	t := &gitLabToken{}
	if err := r.into(t); err != nil {
		return nil, err
	}
	return t, nil
}
