package github

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-github/v66/github"
)

// The media types (GitHub Docs, "Getting started with the REST API").
const (
	mediaType    = "application/vnd.github+json"
	rawMediaType = "application/vnd.github.raw+json"
)

// repo returns the address of something in a repository, relative to the API's
// base. The parts are escaped; a part that has slashes is one segment all the
// same.
func repo(n providers.Name, parts ...string) string {
	return join(append([]string{"repos", n.Owner, n.Name}, parts...)...)
}

func join(parts ...string) string {
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// withQuery adds the parameters that are not empty.
func withQuery(address string, q url.Values) string {
	for name, values := range q {
		if values[0] == "" {
			delete(q, name)
		}
	}
	if len(q) == 0 {
		return address
	}
	return address + "?" + q.Encode()
}

// get sends a GET. The caller closes the answer's body.
func (d *driver) get(ctx context.Context, address string) (*http.Response, error) {
	req, err := d.lib.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", mediaType)
	return d.send(ctx, req, d.most)
}

// send sends a request whose answer has at most so many bytes. What is no success is
// an error, and its body closed. It goes without go-github's Do, which remembers limits
// and would refuse calls by itself, and which does not close the body of a failure.
func (d *driver) send(ctx context.Context, req *http.Request, most int64) (*http.Response, error) {
	resp, err := d.strict.Do(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusAccepted || resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, d.failure(resp)
	}
	providers.Bound(resp, most)
	return resp, nil
}

// fetch gets one record, with its JSON if raw is set.
func fetch[N any](ctx context.Context, d *driver, address string, raw bool) (native *N, o providers.Origin, err error) {
	resp, err := d.get(ctx, address)
	if err != nil {
		return nil, o, err
	}
	var text json.RawMessage
	if raw {
		if err = decode(resp, &text); err == nil && text != nil {
			err = json.Unmarshal(text, &native)
		}
	} else {
		err = decode(resp, &native)
	}
	if err != nil {
		return nil, o, err
	}
	identified, ok := any(native).(interface{ GetID() int64 })
	if native == nil || ok && identified.GetID() == 0 {
		return nil, o, providers.Malformed(resp.StatusCode, errors.New("the answer is no record with an id"))
	}
	o = providers.NewOrigin(d.info, native)
	o.Raw = text
	return native, o, nil
}

// utc returns a time of the library, which may be nil.
func utc(t *github.Timestamp) time.Time {
	if t == nil || t.IsZero() {
		return time.Time{}
	}
	return t.Time.UTC()
}
