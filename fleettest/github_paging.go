package fleettest

import (
	"fmt"
	"net/http"
	"strings"
)

// GitHub's page sizes. GitHub docs, "Using pagination in the REST API".
const (
	githubPerPage    = 30
	githubPerPageMax = 100
)

// pageOf reads which page of total things is asked for.
func pageOf(c *call, total int) page {
	return readPage(c, "per_page", githubPerPage, githubPerPageMax, total)
}

// githubLink returns the Link header: prev, next, last, first, in GitHub's order,
// and only those that lead elsewhere. It is empty if there is one page.
func githubLink(c *call, p page, path string) string {
	var links []string
	add := func(rel string, n int) {
		links = append(links, fmt.Sprintf(`<%s%s?%s>; rel="%s"`, c.base, path, withPage(c.r.URL.RawQuery, n), rel))
	}
	last := p.last()
	if p.number > 1 {
		add("prev", min(p.number-1, last))
	}
	if p.number < last {
		add("next", p.number+1)
		add("last", last)
	}
	if p.number > 1 {
		add("first", 1)
	}
	return strings.Join(links, ", ")
}

// withPage returns the query with another page and all else as it was.
func withPage(query string, n int) string {
	var parts []string
	for part := range strings.SplitSeq(query, "&") {
		if part != "" && !strings.HasPrefix(part, "page=") {
			parts = append(parts, part)
		}
	}
	return strings.Join(append(parts, fmt.Sprintf("page=%d", n)), "&")
}

// paged answers a page of total things, of which item shows the ith. path is
// where the other pages are: GitHub's links name owners and repositories by id.
func paged(c *call, path string, total int, item func(i int) any) *answer {
	p := pageOf(c, total)
	a := newJSON(http.StatusOK, p.items(item))
	if link := githubLink(c, p, path); link != "" {
		a.header.Set("Link", link)
	}
	return a
}
