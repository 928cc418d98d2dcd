package tokens

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// identifyGitHub asks GET /user, and for an installation, which that endpoint
// refuses, what else tells who it is.
func (h *Host) identifyGitHub(ctx context.Context, e *entry, kind Kind) (sighting, error) {
	if kind == KindInstallation {
		return h.identifyInstallation(ctx, e)
	}
	r, err := h.get(ctx, e, "/user", "")
	if err != nil {
		return sighting{}, err
	}
	if r.seen.Class == ratelimit.Forbidden {
		return h.identifyInstallation(ctx, e)
	}
	var user struct {
		Login string
		ID    int64
	}
	if err := r.into(&user); err != nil {
		return sighting{}, err
	}
	s := sighting{Identity: Identity{Login: user.Login, AccountID: idText(user.ID), Kind: kind}, ends: r.seen.TokenExpiry}
	if list, ok := r.header["X-Oauth-Scopes"]; ok {
		s.Scopes = splitScopes(list[0])
	}
	s.countedAs(s.AccountID)
	return s, nil
}

// viewerQuery asks for the bot of an installation, which REST does not show.
const viewerQuery = `{"query":"query { viewer { login databaseId } }"}`

// actionsBot is the app of the tokens of workflows, which GitHub counts by
// repository (GitHub Docs, "Rate limits for the REST API").
const actionsBot = "github-actions[bot]"

// identifyInstallation asks on whom the app is installed, and which app it is: an
// account has each app once at most.
func (h *Host) identifyInstallation(ctx context.Context, e *entry) (sighting, error) {
	r, err := h.get(ctx, e, "/installation/repositories", "per_page=1")
	if err != nil {
		return sighting{}, err
	}
	var installed struct {
		Repositories []struct {
			ID    int64
			Owner struct {
				Login string
				ID    int64
			}
		}
	}
	if err := r.into(&installed); err != nil {
		return sighting{}, err
	}
	r, err = h.ask(ctx, e, ratelimit.Request{Method: http.MethodPost, URL: h.graphQLURL(), Body: []byte(viewerQuery)})
	if err != nil {
		return sighting{}, err
	}
	var answer struct {
		Data struct {
			Viewer struct {
				Login      string
				DatabaseID int64
			}
		}
	}
	if err := r.into(&answer); err != nil {
		return sighting{}, err
	}
	bot := answer.Data.Viewer
	s := sighting{Identity: Identity{Login: bot.Login, AccountID: idText(bot.DatabaseID), Kind: KindInstallation}}
	if len(installed.Repositories) == 0 {
		return s, nil // it sees nothing that would tell where it is installed
	}
	first := installed.Repositories[0]
	s.Owner = first.Owner.Login
	where := first.Owner.ID
	if bot.Login == actionsBot {
		where = first.ID
	}
	if bot.DatabaseID != 0 && where != 0 {
		s.counted = "installation " + idText(bot.DatabaseID) + " " + idText(where)
	}
	return s, nil
}

// idText returns an ID that is not 0 in digits.
func idText(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}
