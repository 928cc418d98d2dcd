package gitlab

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
)

// Call implements [providers.Driver].
func (d *driver) Call(ctx context.Context, c providers.Call) (providers.Answer, error) {
	req, err := d.callRequest(ctx, c)
	if err != nil {
		return providers.Answer{}, err
	}
	resp, err := send(d.loose, req)
	if err != nil {
		return providers.Answer{}, err
	}
	defer resp.Body.Close()
	got := providers.Answer{Status: resp.StatusCode, Header: resp.Header}
	if resp.StatusCode >= http.StatusBadRequest {
		return got, d.failure(resp)
	}
	if err := d.deliver(resp, c.Out); err != nil {
		return got, err
	}
	got.Next, err = d.next(answer{resp.StatusCode, resp.Header, resp.Request.URL, nil}, req.URL.String())
	return got, err
}

func (d *driver) callRequest(ctx context.Context, c providers.Call) (*http.Request, error) {
	address, err := d.callAddress(c.Path)
	if err != nil {
		return nil, err
	}
	var body []byte
	if c.Body != nil {
		if body, err = json.Marshal(c.Body); err != nil {
			return nil, &providers.Error{Kind: providers.ErrInvalid, Message: "the body is no JSON", Err: err}
		}
	}
	req, err := d.request(ctx, cmp.Or(c.Method, http.MethodGet), address, body)
	if err != nil {
		return nil, err
	}
	for name, values := range c.Header {
		req.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	return req, nil
}

// callAddress returns the address of a path below the API's base. A full one
// must be the host's.
func (d *driver) callAddress(path string) (string, error) {
	if !strings.HasPrefix(path, "https://") && !strings.HasPrefix(path, "http://") {
		return d.base.String() + strings.TrimPrefix(path, "/"), nil
	}
	u, err := url.Parse(path)
	if err != nil || !d.sameHost(u) {
		return "", &providers.Error{Kind: providers.ErrInvalid, Message: "the address is another host's"}
	}
	return u.String(), nil
}

// deliver decodes the body of an answer into out.
func (d *driver) deliver(resp *http.Response, out any) error {
	if out == nil {
		out = io.Discard
	}
	if w, ok := out.(io.Writer); ok {
		_, err := io.Copy(w, resp.Body)
		return err
	}
	body, err := d.read(resp)
	if err != nil || len(body) == 0 && resp.StatusCode != http.StatusOK || resp.Request.Method == http.MethodHead {
		return err
	}
	if err := json.Unmarshal(body, out); err != nil {
		return providers.Malformed(resp.StatusCode, err)
	}
	return nil
}
