package fleettest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Bitbucket's page sizes. Atlassian developer, "The Bitbucket Cloud REST API",
// section "Pagination".
const (
	bitbucketPagelen    = 10
	bitbucketPagelenMax = 100
)

// bitbucketList is a page of a list.
type bitbucketList struct {
	Values   jsonList `json:"-"`
	Pagelen  int      `json:"pagelen"`
	Size     *int     `json:"size,omitempty"`
	Page     int      `json:"page,omitempty"`
	Next     string   `json:"next,omitempty"`
	Previous string   `json:"previous,omitempty"`
}

// bitbucketListFields are a list without its own way to JSON.
type bitbucketListFields bitbucketList

// render returns l as JSON. The values are JSON already.
func (l bitbucketList) render() []byte {
	return slices.Concat([]byte(`{"values":`), l.Values.render(), []byte(","), marshal(bitbucketListFields(l))[1:])
}

// bitbucketPaged answers a page of total things, of which item shows the ith.
func bitbucketPaged(c *call, total int, item func(i int) any) *answer {
	p := readPage(c, "pagelen", bitbucketPagelen, bitbucketPagelenMax, total)
	l := bitbucketList{Pagelen: p.size, Size: &total, Values: p.items(item), Page: p.number}
	if p.number < p.last() {
		l.Next = bitbucketNext(c, p.number+1, "")
	}
	if p.number > 1 {
		l.Previous = bitbucketNext(c, min(p.number-1, p.last()), "")
	}
	return bitbucketJSON(http.StatusOK, l)
}

// bitbucketWalked answers a page of a history: how long that is nobody knows,
// and where the next page begins is in ctx, which only Bitbucket understands.
func bitbucketWalked(c *call, total int, item func(i int) any) *answer {
	p := readPage(c, "pagelen", bitbucketPagelen, bitbucketPagelenMax, total)
	from := (p.number - 1) * p.size
	if ctx := c.query.Get("ctx"); ctx != "" {
		var ok bool
		if from, ok = readWalk(ctx); !ok {
			return bitbucketError(http.StatusBadRequest, "Invalid ctx")
		}
	}
	from = min(from, total)
	to := min(from+p.size, total)
	l := bitbucketList{Pagelen: p.size, Values: make(jsonList, 0, to-from)}
	for i := from; i < to; i++ {
		l.Values = append(l.Values, marshal(item(i)))
	}
	if to < total {
		l.Next = bitbucketNext(c, p.number+1, walkFrom(to))
	}
	return bitbucketJSON(http.StatusOK, l)
}

// walkFrom is the ctx of a walk that goes on at n.
func walkFrom(n int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "walk:%d", n))
}

// readWalk reads a ctx.
func readWalk(ctx string) (n int, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(ctx)
	digits, ok := strings.CutPrefix(string(text), "walk:")
	n, convErr := strconv.Atoi(digits)
	return n, ok && err == nil && convErr == nil && n >= 0
}

// bitbucketNext is the absolute URL of another page.
func bitbucketNext(c *call, number int, ctx string) string {
	q := maps.Clone(c.query)
	for _, name := range credentialParams {
		q.Del(name)
	}
	q.Set("page", strconv.Itoa(number))
	if ctx != "" {
		q.Set("ctx", ctx)
	}
	return c.base + c.path + "?" + q.Encode()
}
