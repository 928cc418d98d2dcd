package bitbucket

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/providers"
)

// at returns the URL of a resource. Its segments are escaped one by one; an
// empty one at the end gives a slash.
func (d *driver) at(q url.Values, segments ...string) string {
	var b strings.Builder
	b.WriteString(d.api)
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	if len(q) > 0 {
		b.WriteByte('?')
		b.WriteString(q.Encode())
	}
	return b.String()
}

// of returns the URL of something that a repository has.
func (d *driver) of(n providers.Name, q url.Values, segments ...string) (string, error) {
	if err := single(n.Owner); err != nil {
		return "", err
	}
	return d.at(q, append([]string{"repositories", n.Owner, n.Name}, segments...)...), nil
}

// single refuses a workspace or a user that is a path. Bitbucket takes an
// escaped slash for a plain one, so that it would answer for something else.
func single(name string) error {
	if strings.Contains(name, "/") {
		return invalid("%q has a slash: workspaces at Bitbucket are not nested", name)
	}
	return nil
}

// invalid is bad arguments, with which nothing is sent.
func invalid(format string, args ...any) error {
	return &providers.Error{Kind: providers.ErrInvalid, Message: fmt.Sprintf(format, args...)}
}

// paging asks for the longest pages that are wanted and allowed.
func paging(q providers.Query, most int) url.Values {
	n := most
	if q.PageSize > 0 {
		n = min(n, q.PageSize)
	}
	return url.Values{"pagelen": {strconv.Itoa(n)}}
}

// ordered adds the order to v: the oldest first, unless another is wanted.
func ordered(v url.Values, q providers.Query, fields map[providers.Sort]string) error {
	if q.Sort == "" {
		v.Set("sort", fields[providers.ByCreated])
		return nil
	}
	field, ok := fields[q.Sort]
	if !ok {
		return providers.Unsupported(fmt.Sprintf("these cannot be sorted by %q", q.Sort))
	}
	if !q.Ascending {
		field = "-" + field
	}
	v.Set("sort", field)
	return nil
}

// since adds a filter for what was updated since q.Since. Times in filters have
// milliseconds at most and an offset in digits: Bitbucket refuses a Z there
// (Atlassian developer, "Filter and sort API objects"; BCLOUD issue 15967).
func since(v url.Values, q providers.Query) {
	if !q.Since.IsZero() {
		v.Set("q", "updated_on>="+q.Since.UTC().Format("2006-01-02T15:04:05.000")+"+00:00")
	}
}

// updatedSince returns what was updated at or after t. Bitbucket's filter is by
// the millisecond, and so may let a little more pass.
func updatedSince[T any](p providers.Page[T], t time.Time, updated func(*T) time.Time) providers.Page[T] {
	if t.IsZero() {
		return p
	}
	kept := p.Items[:0]
	for i := range p.Items {
		if !updated(&p.Items[i]).Before(t) {
			kept = append(kept, p.Items[i])
		}
	}
	p.Items = kept
	return p
}
