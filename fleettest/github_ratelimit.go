package fleettest

import (
	"maps"
	"net/http"
	"slices"
)

// githubRate is a window in GET /rate_limit.
type githubRate struct {
	Limit     int    `json:"limit"`
	Used      int    `json:"used"`
	Remaining int    `json:"remaining"`
	Reset     int64  `json:"reset"`
	Resource  string `json:"resource,omitempty"`
}

// rateLimit answers GET /rate_limit.
func (g *GitHub) rateLimit(c *call) *answer {
	all := g.rates(c)
	core, ok := all["core"]
	if !ok {
		return githubError(http.StatusNotFound, "Rate limiting is not enabled.",
			"https://docs.github.com/rest/rate-limit/rate-limit#get-rate-limit-status-for-the-authenticated-user")
	}
	return newJSON(http.StatusOK, map[string]any{"resources": all, "rate": core})
}

// rates reads all windows of c's account that are limited.
func (g *GitHub) rates(c *call) map[string]githubRate {
	g.mu.Lock()
	defer g.mu.Unlock()
	names := slices.Collect(maps.Keys(g.resources))
	names = slices.AppendSeq(names, maps.Keys(g.cfg.Limits))
	names = slices.AppendSeq(names, maps.Keys(c.account.budgets))
	all := make(map[string]githubRate)
	for _, name := range names {
		if n := g.told(g.budget(c.account, name).read(c.arrived, name)); n.limited {
			all[name] = githubRate{n.limit, n.used, n.remaining, n.reset.Unix(), name}
		}
	}
	return all
}
