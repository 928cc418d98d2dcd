package fleettest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// searchMax is how many results GitHub shows of a search.
const searchMax = 1000

// searchRepositories answers GET /search/repositories. Of the query it reads
// org: and user:, and takes every other word without a colon as part of the
// name.
func (g *GitHub) searchRepositories(c *call) *answer {
	q := c.query.Get("q")
	if strings.TrimSpace(q) == "" {
		return githubError(http.StatusUnprocessableEntity, "Validation Failed", "https://docs.github.com/v3/search")
	}
	found := g.search(c, q)
	p := pageOf(c, min(len(found), searchMax))
	if (p.number-1)*p.size >= searchMax {
		return githubError(http.StatusUnprocessableEntity, "Only the first 1000 search results are available", "https://docs.github.com/v3/search/")
	}
	a := paged(c, "/search/repositories", p.total, func(i int) any { return repositoryJSON(c, found[i]) })
	return rewrap(a, func(items []byte) any { return searchResult(len(found), items) })
}

// search returns the repositories that a query means.
func (g *GitHub) search(c *call, q string) []*repository {
	owners, words := g.readQuery(q)
	s := g.selectFor(c)
	for _, o := range owners {
		s.of(o, true, !c.account.anonymous() && (c.account.memberOf(o) && o.kind == kindOrganization || o.id == c.account.id))
	}
	var found []*repository
	for i := range s.total() {
		r := s.at(i)
		keep := true
		for _, w := range words {
			keep = keep && strings.Contains(strings.ToLower(r.name+" "+r.description), w)
		}
		if keep {
			found = append(found, r)
		}
	}
	return found
}

// readQuery returns the owners that a query is about, all if it names none,
// and its words in lower case.
func (g *GitHub) readQuery(q string) (owners []*owner, words []string) {
	named := false
	for _, word := range strings.Fields(strings.ToLower(q)) {
		key, value, qualified := strings.Cut(word, ":")
		switch {
		case !qualified:
			words = append(words, word)
		case key == "org" || key == "user":
			named = true
			if o := g.catalog.owner(value); o != nil {
				owners = append(owners, o)
			}
		}
	}
	if !named {
		owners = g.catalog.all()
	}
	return owners, words
}

// searchNothing answers the other searches, which find nothing here.
func (g *GitHub) searchNothing(c *call) *answer {
	if c.resource == "code_search" && c.account.anonymous() {
		return requiresAuthentication(g, c)
	}
	return newJSON(http.StatusOK, searchResult(0, []byte("[]")))
}

// searchResult is what searches put around their items.
func searchResult(total int, items []byte) any {
	return struct {
		Total      int             `json:"total_count"`
		Incomplete bool            `json:"incomplete_results"`
		Items      json.RawMessage `json:"items"`
	}{total, false, items}
}
