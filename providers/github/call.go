package github

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
)

// Call sends what the caller wants. 202 is no error here: the caller knows what
// it means to the call. Redirects are followed to other hosts as well, without
// a credential: that is where archives and assets are.
func (d *driver) Call(ctx context.Context, c providers.Call) (providers.Answer, error) {
	req, err := d.request(c)
	if err != nil {
		return providers.Answer{}, err
	}
	resp, err := d.http.Do(req.WithContext(ctx))
	if err != nil {
		return providers.Answer{}, err
	}
	a := providers.Answer{Status: resp.StatusCode, Header: resp.Header}
	if resp.StatusCode >= 400 {
		return a, d.failure(resp)
	}
	if err := d.deliver(resp, req.Method, c.Out); err != nil {
		return a, err
	}
	a.Next, _, err = d.links(resp, req.URL.String())
	return a, err
}

func (d *driver) request(c providers.Call) (*http.Request, error) {
	method := c.Method
	if method == "" {
		method = http.MethodGet
	}
	path := c.Path
	if !strings.Contains(path, "://") {
		path = strings.TrimLeft(path, "/") // relative to a base that may have a path
	}
	req, err := d.lib.NewRequest(method, path, c.Body)
	if err != nil {
		return nil, &providers.Error{Kind: providers.ErrInvalid, Message: err.Error(), Err: err}
	}
	if !d.owns(req.URL) && req.URL.String() != d.graphQL() {
		return nil, &providers.Error{Kind: providers.ErrInvalid, Message: fmt.Sprintf("the path leads out of %s", d.lib.BaseURL)}
	}
	req.Header.Set("Accept", mediaType)
	for name, values := range c.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	return req, nil
}

// deliver decodes an answer into out, and closes it.
func (d *driver) deliver(resp *http.Response, method string, out any) error {
	if out == nil || method == http.MethodHead || resp.StatusCode == http.StatusNotModified {
		_, _ = io.CopyN(io.Discard, resp.Body, maxFailure) // the connection can be used again
		return resp.Body.Close()
	}
	w, ok := out.(io.Writer)
	if !ok {
		providers.Bound(resp, d.most)
		return decode(resp, out)
	}
	defer resp.Body.Close()
	_, err := io.Copy(w, resp.Body)
	return err
}
