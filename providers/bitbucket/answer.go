package bitbucket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
)

// wire is a record as Bitbucket sends it. It knows whether what tells it from
// others is there; without that it is no record.
type wire interface{ identified() bool }

// record points to a W that is a wire.
type record[W any] interface {
	*W
	wire
}

// list asks for a page of a list. It never tells the number of the last one, for
// Bitbucket asks not to make links to pages but to follow its own (Atlassian
// developer, "The Bitbucket Cloud REST API", section "Pagination").
func list[W any, P record[W], T any](
	ctx context.Context, d *driver, q providers.Query, address string, convert func(providers.Origin, P) T,
) (providers.Page[T], error) {
	resp, body, err := d.read(ctx, address)
	if err != nil || resp.StatusCode == http.StatusNoContent {
		return providers.Page[T]{}, err
	}
	var page struct {
		Values []json.RawMessage `json:"values"`
		Next   string            `json:"next"`
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return providers.Page[T]{}, malformed(resp, body, err)
	}
	if page.Values == nil {
		return providers.Page[T]{}, malformed(resp, body, errors.New("the page has no values"))
	}
	p := providers.Page[T]{Items: make([]T, 0, len(page.Values))}
	for i, raw := range page.Values {
		w, err := decode[W, P](raw)
		if err != nil {
			return p, malformed(resp, body, fmt.Errorf("value %d of the page: %w", i+1, err))
		}
		p.Items = append(p.Items, convert(d.origin(raw, q), w))
	}
	p.Next, err = d.next(resp, address, page.Next)
	return p, err
}

// one asks for a single record.
func one[W any, P record[W], T any](
	ctx context.Context, d *driver, q providers.Query, address string, convert func(providers.Origin, P) T,
) (T, error) {
	var none T
	resp, body, err := d.read(ctx, address)
	if err != nil {
		return none, err
	}
	w, err := decode[W, P](body)
	if err != nil {
		return none, malformed(resp, body, err)
	}
	return convert(d.origin(body, q), w), nil
}

// read asks for JSON and reads it to its end.
func (d *driver) read(ctx context.Context, address string) (*http.Response, []byte, error) {
	resp, err := d.get(ctx, d.records, address, "application/json")
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	if isAttachment(resp.Header) { // its content may look like a record
		return nil, nil, invalid("this is a file; FetchContent reads it")
	}
	providers.Bound(resp, d.most)
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

func decode[W any, P record[W]](raw []byte) (P, error) {
	w := P(new(W))
	if err := json.Unmarshal(raw, w); err != nil {
		return nil, err
	}
	if !w.identified() {
		return nil, errors.New("the record lacks its id or its name")
	}
	return w, nil
}

// next checks a link to the next page: a credential goes along, so that it must
// lead to this API, and a page must not be its own successor.
func (d *driver) next(resp *http.Response, address, link string) (string, error) {
	if link == "" {
		return "", nil
	}
	from, err := url.Parse(address)
	if err != nil {
		return "", providers.Malformed(resp.StatusCode, errors.New("the link to the next page cannot be read"))
	}
	to, err := from.Parse(link)
	switch {
	case err != nil:
		return "", providers.Malformed(resp.StatusCode, errors.New("the link to the next page cannot be read"))
	case !d.mine(to):
		return "", providers.Malformed(resp.StatusCode, fmt.Errorf("the link to the next page leads away, to %q", to.Host))
	}
	to.Fragment, from.Fragment = "", ""
	if to.String() == from.String() {
		return "", providers.Malformed(resp.StatusCode, errors.New("the link to the next page leads to the page itself"))
	}
	return to.String(), nil
}

// mine reports whether a URL is below the API's base.
func (d *driver) mine(u *url.URL) bool {
	api, err := url.Parse(d.api)
	return err == nil && u.User == nil && u.Scheme == api.Scheme && strings.EqualFold(u.Host, api.Host) &&
		strings.HasPrefix(u.Path, api.Path+"/")
}

// malformed is an answer that is not what the API documents.
func malformed(resp *http.Response, body []byte, cause error) error {
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		cause = fmt.Errorf("the answer is a page, not JSON: %w", cause)
	}
	e := providers.Malformed(resp.StatusCode, cause)
	e.Body = bytes.Clone(body[:min(len(body), providers.MaxErrorBody)])
	return e
}
