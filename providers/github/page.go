package github

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
)

// list is a list of the host, and what of it is wanted.
type list[N, T any] struct {
	first string        // address of the first page
	keep  func(*N) bool // nil keeps all
	model func(providers.Origin, *N) T
}

// page fetches a page of a list.
func (l list[N, T]) page(ctx context.Context, d *driver, q providers.Query, at providers.Position) (providers.Page[T], error) {
	none := providers.Page[T]{}
	address, err := d.address(l.first, at)
	if err != nil {
		return none, err
	}
	resp, err := d.get(ctx, address)
	if err != nil {
		return none, err
	}
	natives, raws, err := decodeList[N](resp, q.Raw)
	if err != nil {
		return none, err
	}
	p := providers.Page[T]{Items: make([]T, 0, len(natives))}
	for i, n := range natives {
		if n == nil {
			return none, providers.Malformed(resp.StatusCode, errors.New("an item of the list is null"))
		}
		if l.keep != nil && !l.keep(n) {
			continue
		}
		o := providers.NewOrigin(d.info, n)
		if raws != nil {
			o.Raw = raws[i]
		}
		p.Items = append(p.Items, l.model(o, n))
	}
	p.Next, p.Last, err = d.links(resp, address)
	return p, err
}

// decodeList reads a list, and the JSON of its items if raw is set.
func decodeList[N any](resp *http.Response, raw bool) (natives []*N, raws []json.RawMessage, err error) {
	if raw {
		err = decode(resp, &raws)
	} else {
		err = decode(resp, &natives)
	}
	if err == nil && natives == nil && raws == nil && resp.StatusCode != http.StatusNoContent {
		err = providers.Malformed(resp.StatusCode, errors.New("the answer is null where a list is expected"))
	}
	if err != nil || !raw {
		return natives, nil, err
	}
	natives = make([]*N, len(raws))
	for i := range raws {
		if err := json.Unmarshal(raws[i], &natives[i]); err != nil {
			return nil, nil, providers.Malformed(resp.StatusCode, err)
		}
	}
	return natives, raws, nil
}

// address returns where the page at a position is.
func (d *driver) address(first string, at providers.Position) (string, error) {
	if at.Next == "" {
		return first, nil
	}
	u, err := url.Parse(at.Next)
	if err != nil {
		return "", providers.Malformed(http.StatusOK, err)
	}
	u.Fragment = "" // what a list keeps there for itself
	if at.Page != 0 {
		q := u.Query()
		q.Set("page", strconv.Itoa(at.Page))
		u.RawQuery = q.Encode()
	}
	return u.String(), nil
}

// links reads where the next page is and, where pages have numbers, which is the
// last. A page that calls itself the next would have no end.
func (d *driver) links(resp *http.Response, address string) (next string, last int, err error) {
	rels := linksIn(resp.Header)
	if rels["next"] == "" {
		return "", 0, nil
	}
	u, err := d.lib.BaseURL.Parse(rels["next"])
	if err != nil {
		return "", 0, providers.Malformed(resp.StatusCode, err)
	}
	if !d.owns(u) {
		return "", 0, providers.Malformed(resp.StatusCode, errors.New("the next page is at another host: "+u.Host))
	}
	if own, err := d.lib.BaseURL.Parse(address); err == nil && own.String() == u.String() {
		return "", 0, providers.Malformed(resp.StatusCode, errors.New("the next page is the page itself"))
	}
	return u.String(), lastPage(u, rels["last"]), nil
}

// owns reports whether u is below the base of the API.
func (d *driver) owns(u *url.URL) bool {
	b := d.lib.BaseURL
	return u.Scheme == b.Scheme && strings.EqualFold(u.Host, b.Host) && u.User == nil && strings.HasPrefix(u.Path, b.Path)
}

// lastPage returns the number of the last page, 0 if pages have no numbers. Long
// lists have cursors ("after") instead of numbers, or besides them, and refuse a
// number then.
func lastPage(next *url.URL, last string) int {
	q := next.Query()
	if !q.Has("page") || q.Has("after") || q.Has("before") || q.Has("cursor") {
		return 0
	}
	u, err := url.Parse(last)
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(u.Query().Get("page"))
	return n
}

// link is one link of the header Link (RFC 8288), of the form that GitHub has.
var link = regexp.MustCompile(`<([^>]*)>\s*;[^<]*?\brel="?([a-z]+)"?`)

func linksIn(h http.Header) map[string]string {
	rels := map[string]string{}
	for _, value := range h["Link"] {
		for _, m := range link.FindAllStringSubmatch(value, -1) {
			rels[m[2]] = m[1]
		}
	}
	return rels
}
