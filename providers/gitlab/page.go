package gitlab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gitfleet/gitfleet/providers"
)

// row is a record of a list as it comes from the host. It is whole if it says
// what it is: an object without that is not what was asked for.
type row[R any] interface {
	*R
	whole() bool
}

// list asks for a page of a list and makes the models of its rows.
func list[R any, P row[R], T any](ctx context.Context, d *driver, first string, q providers.Query, at providers.Position,
	model func(P, json.RawMessage) T,
) (providers.Page[T], error) {
	p, err := rowsAt[R, P](ctx, d, first, q, at)
	page := providers.Page[T]{Next: p.next, Last: p.last, Items: make([]T, len(p.rows))}
	for i, r := range p.rows {
		page.Items[i] = model(r, p.raw(i))
	}
	return page, err
}

// rows is a page of a list.
type rows[P any] struct {
	rows []P
	raws []json.RawMessage // of the rows, if they were asked for
	from *url.URL
	next string
	last int
}

func (p *rows[P]) raw(i int) json.RawMessage {
	if p.raws == nil {
		return nil
	}
	return p.raws[i]
}

// rowsAt asks for a page of a list: that at the address of the first, if at does
// not say another. The page comes with the error if only the way to the next one
// is wrong.
func rowsAt[R any, P row[R]](ctx context.Context, d *driver, first string, q providers.Query, at providers.Position) (rows[P], error) {
	address, err := d.place(first, at)
	if err != nil {
		return rows[P]{}, err
	}
	a, err := d.get(ctx, address)
	if err != nil {
		return rows[P]{}, err
	}
	p := rows[P]{from: a.from}
	if a.status == http.StatusNoContent {
		return p, nil
	}
	if p.rows, p.raws, err = decodeRows[R, P](a.body, q.Raw); err != nil {
		return rows[P]{}, providers.Malformed(a.status, err)
	}
	p.last, _ = strconv.Atoi(a.header.Get("X-Total-Pages"))
	p.next, err = d.next(a, address)
	return p, err
}

// decodeRows decodes a list, and keeps the JSON of its rows if raw is set.
func decodeRows[R any, P row[R]](body []byte, raw bool) ([]P, []json.RawMessage, error) {
	var found []P
	var raws []json.RawMessage
	if raw {
		if err := json.Unmarshal(body, &raws); err != nil {
			return nil, nil, err
		}
		found = make([]P, len(raws))
		for i := range raws {
			if err := json.Unmarshal(raws[i], &found[i]); err != nil {
				return nil, nil, err
			}
		}
	} else if err := json.Unmarshal(body, &found); err != nil {
		return nil, nil, err
	}
	if bytes.Equal(bytes.TrimSpace(body), []byte("null")) {
		return nil, nil, errors.New("null where a list is expected")
	}
	for i, r := range found {
		if r == nil || !r.whole() {
			return nil, nil, fmt.Errorf("item %d of the list is not what was asked for", i+1)
		}
	}
	return found, raws, nil
}

// one asks for a single record.
func one[R any, P row[R]](ctx context.Context, d *driver, address string, q providers.Query) (P, json.RawMessage, error) {
	a, err := d.get(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	found := P(new(R))
	if err := json.Unmarshal(a.body, found); err != nil {
		return nil, nil, providers.Malformed(a.status, err)
	}
	if !found.whole() {
		return nil, nil, providers.Malformed(a.status, errors.New("the answer is not what was asked for"))
	}
	if q.Raw {
		return found, a.body, nil
	}
	return found, nil, nil
}

// paged returns the parameters of a list, names and values in turn; empty values
// are left out.
func paged(q providers.Query, pairs ...string) url.Values {
	query := url.Values{"per_page": {strconv.Itoa(q.PageSize)}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	return query
}
