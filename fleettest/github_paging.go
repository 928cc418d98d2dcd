package fleettest

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// GitHub's page sizes. GitHub docs, "Using pagination in the REST API".
const (
	githubPerPage    = 30
	githubPerPageMax = 100
)

// page is a part of a list.
type page struct {
	number, size int // number from 1
	total        int
}

// pageOf reads which page of total things is asked for. What cannot be read
// is as if it were not there.
func pageOf(c *call, total int) page {
	p := page{number: 1, size: githubPerPage, total: total}
	if n, err := strconv.Atoi(c.query.Get("per_page")); err == nil && n > 0 {
		p.size = min(n, githubPerPageMax)
	}
	if n, err := strconv.Atoi(c.query.Get("page")); err == nil && n > 0 {
		p.number = n
	}
	return p
}

// bounds returns the first index of the page and the one after its last.
func (p page) bounds() (from, to int) {
	if p.number > p.last() {
		return p.total, p.total
	}
	from = (p.number - 1) * p.size
	return from, min(from+p.size, p.total)
}

// last is the number of the last page.
func (p page) last() int { return max(1, (p.total+p.size-1)/p.size) }

// link returns the Link header: prev, next, last, first, in GitHub's order,
// and only those that lead elsewhere. It is empty if there is one page.
func (p page) link(c *call, path string) string {
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
	from, to := p.bounds()
	items := make([][]byte, 0, to-from)
	for i := from; i < to; i++ {
		items = append(items, marshal(item(i)))
	}
	a := newJSON(http.StatusOK, jsonList(items))
	if link := p.link(c, path); link != "" {
		a.header.Set("Link", link)
	}
	return a
}

// jsonList is a list of things that are JSON already.
type jsonList [][]byte

func (l jsonList) render() []byte {
	return slices.Concat([]byte("["), bytes.Join(l, []byte(",")), []byte("]"))
}
