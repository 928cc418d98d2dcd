package fleettest

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// GitLab's page sizes, and how much of a list is counted and can be reached by
// page numbers. GitLab docs, "REST API", section "Pagination".
const (
	gitlabPerPage    = 20
	gitlabPerPageMax = 100
	gitlabCountMax   = 10_000
	gitlabOffsetMax  = 50_000
)

// gitlabPaged answers a page of total things, of which item shows the ith.
func gitlabPaged(c *call, total int, item func(i int) any) *answer {
	p := readPage(c, "per_page", gitlabPerPage, gitlabPerPageMax, total)
	return gitlabPage(c, p, total <= gitlabCountMax, item)
}

// gitlabPage answers p. If the list is not counted, nobody is told how long it
// is.
func gitlabPage(c *call, p page, counted bool, item func(i int) any) *answer {
	a := gitlabJSON(http.StatusOK, p.items(item))
	number := func(n int) string {
		if n < 1 || n > p.last() {
			return ""
		}
		return strconv.Itoa(n)
	}
	a.header.Set("X-Page", strconv.Itoa(p.number))
	a.header.Set("X-Per-Page", strconv.Itoa(p.size))
	a.header.Set("X-Next-Page", number(p.number+1))
	a.header.Set("X-Prev-Page", number(p.number-1))
	if counted {
		a.header.Set("X-Total", strconv.Itoa(p.total))
		a.header.Set("X-Total-Pages", strconv.Itoa(p.last()))
	}
	a.header.Set("Link", gitlabLink(c, p, counted))
	return a
}

// gitlabLink returns the Link header: prev, next, first and last, in GitLab's
// order, with the parameters in that of the alphabet.
func gitlabLink(c *call, p page, counted bool) string {
	var links []string
	add := func(rel string, n int) {
		q := maps.Clone(c.query)
		q.Set("page", strconv.Itoa(n))
		q.Set("per_page", strconv.Itoa(p.size))
		links = append(links, gitlabRel(c, q, rel))
	}
	if p.number > 1 && p.number-1 <= p.last() {
		add("prev", p.number-1)
	}
	if p.number < p.last() {
		add("next", p.number+1)
	}
	add("first", 1)
	if counted {
		add("last", p.last())
	}
	return strings.Join(links, ", ")
}

// gitlabRel is one link. It never carries a credential, as the parameters of a
// query may.
func gitlabRel(c *call, q url.Values, rel string) string {
	for _, name := range credentialParams {
		q.Del(name)
	}
	return fmt.Sprintf(`<%s%s?%s>; rel="%s"`, c.base, c.path, q.Encode(), rel)
}

// gitlabKeyset answers a page of projects by the id after which it begins.
// There is a link to the next one as long as there is anything, so that the
// last page is empty; and there are no numbers. GitLab docs, "REST API",
// section "Keyset-based pagination".
func gitlabKeyset(c *call, list listing, show func(*repository) any) *answer {
	p := readPage(c, "per_page", gitlabPerPage, gitlabPerPageMax, list.total)
	p.number = 1
	a := gitlabJSON(http.StatusOK, p.items(func(i int) any { return show(list.at(i)) }))
	if _, to := p.bounds(); to > 0 {
		q := maps.Clone(c.query)
		q.Del("page")
		q.Set("per_page", strconv.Itoa(p.size))
		bound := "id_before"
		if c.query.Get("sort") == "asc" {
			bound = "id_after"
		}
		q.Set(bound, strconv.FormatInt(list.at(to-1).id, 10))
		a.header.Set("Link", gitlabRel(c, q, "next"))
	}
	return a
}

// gitlabRefusesPaging answers a way of paging that GitLab does not offer, nil
// if c asks for another. Keyset pagination is for lists of projects by id, if
// keyset is set.
func gitlabRefusesPaging(c *call, keyset bool) *answer {
	refuse := func(message string) *answer {
		return gitlabJSON(http.StatusMethodNotAllowed, map[string]string{"error": message})
	}
	if c.query.Get("pagination") == "keyset" {
		if keyset && c.query.Get("order_by") == "id" {
			return nil
		}
		return refuse("Keyset pagination is not yet available for this type of request")
	}
	p := readPage(c, "per_page", gitlabPerPage, gitlabPerPageMax, 0)
	if keyset && (p.number-1)*p.size > gitlabOffsetMax {
		return refuse(fmt.Sprintf("Offset pagination has a maximum allowed offset of %d for requests that return objects of type Project. "+
			"Remaining records can be retrieved using keyset pagination.", gitlabOffsetMax))
	}
	return nil
}

// idParam reads a bound on ids, or returns none.
func idParam(c *call, name string, none int64) int64 {
	if n, err := strconv.ParseInt(c.query.Get(name), 10, 64); err == nil {
		return max(0, min(n, math.MaxInt64/2))
	}
	return none
}
