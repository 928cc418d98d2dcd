package gitlab

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
)

// place returns the address of the page at a position.
func (d *driver) place(first string, at providers.Position) (string, error) {
	if at.Next == "" {
		return first, nil
	}
	u, err := url.Parse(at.Next)
	if err != nil || !d.ours(u) {
		return "", providers.Malformed(0, errors.New("the next page is said to be at another host"))
	}
	if at.Page != 0 {
		query := u.Query()
		query.Set("page", strconv.Itoa(at.Page))
		u.RawQuery = query.Encode()
	}
	return u.String(), nil
}

// next returns where the next page is said to be, after what was asked for at an
// address.
func (d *driver) next(a answer, asked string) (string, error) {
	link := nextLink(a)
	if link == "" {
		return "", nil
	}
	u, err := a.from.Parse(link)
	if err != nil || !d.ours(u) {
		return "", providers.Malformed(a.status, errors.New("the next page is said to be at another host"))
	}
	if next := u.String(); !sameAddress(next, asked) && !sameAddress(next, a.from.String()) {
		return next, nil
	}
	return "", providers.Malformed(a.status, errors.New("the next page is said to be the page itself"))
}

// sameAddress reports whether two addresses are the same, whatever the order of
// their parameters.
func sameAddress(a, b string) bool {
	u, err := url.Parse(a)
	if err != nil {
		return a == b
	}
	v, err := url.Parse(b)
	return err == nil && u.EscapedPath() == v.EscapedPath() && u.Query().Encode() == v.Query().Encode()
}

// nextLink returns the link to the next page. X-Next-Page says the same of lists
// that have numbers; it is for hosts behind a proxy that removes the Link header
// (GitLab docs, "REST API", section "Pagination").
func nextLink(a answer) string {
	headers := a.header.Values("Link")
	if number := a.header.Get("X-Next-Page"); number != "" && len(headers) == 0 {
		query := a.from.Query()
		query.Set("page", number)
		return "?" + query.Encode()
	}
	return linkTo("next", headers)
}

// linkTo finds the link with a relation (RFC 8288).
func linkTo(relation string, headers []string) string {
	for _, header := range headers {
		for header != "" {
			_, rest, _ := strings.Cut(header, "<")
			address, rest, ok := strings.Cut(rest, ">")
			if !ok {
				break
			}
			parameters, _, _ := strings.Cut(rest, "<")
			for parameter := range strings.FieldsFuncSeq(parameters, func(r rune) bool { return r == ';' || r == ',' }) {
				if name, value, _ := strings.Cut(strings.TrimSpace(parameter), "="); name == "rel" && strings.Trim(value, `"`) == relation {
					return address
				}
			}
			header = rest
		}
	}
	return ""
}
