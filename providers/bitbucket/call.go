package bitbucket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
)

// Call implements [providers.Driver]. A call's Path may begin with 2.0.
func (d *driver) Call(ctx context.Context, c providers.Call) (providers.Answer, error) {
	address, err := d.addressOf(c.Path)
	if err != nil {
		return providers.Answer{}, err
	}
	req, err := d.requestOf(ctx, c, address)
	if err != nil {
		return providers.Answer{}, err
	}
	resp, err := d.files.Do(req)
	if err != nil {
		return providers.Answer{}, err
	}
	defer resp.Body.Close()
	a := providers.Answer{Status: resp.StatusCode, Header: resp.Header.Clone()}
	if resp.StatusCode/100 != 2 {
		return a, d.failure(resp)
	}
	if w, ok := c.Out.(io.Writer); ok && !isJSON(resp.Header) {
		_, err = io.Copy(w, resp.Body)
		return a, err
	}
	providers.Bound(resp, d.most)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return a, err
	}
	if err := decodeInto(resp, body, c.Out); err != nil {
		return a, err
	}
	a.Next, err = d.nextOf(resp, address, body)
	return a, err
}

// addressOf returns where a call goes: below the API's base, or to a full URL of
// this host.
func (d *driver) addressOf(path string) (string, error) {
	address := path
	if !strings.Contains(path, "://") {
		path = strings.TrimPrefix(path, "/")
		address = d.api + "/" + strings.TrimPrefix(path, "2.0/")
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return "", invalid("the path %q cannot be read", path)
	case !d.mine(u):
		return "", invalid("%q is not at %s", u.Host, d.api)
	case slices.Contains(strings.Split(u.Path, "/"), ".."):
		return "", invalid("the path %q leads upwards", path)
	}
	return u.String(), nil
}

func (d *driver) requestOf(ctx context.Context, c providers.Call, address string) (*http.Request, error) {
	method := c.Method
	if method == "" {
		method = http.MethodGet
	}
	var body io.Reader
	if c.Body != nil {
		text, err := json.Marshal(c.Body)
		if err != nil {
			return nil, invalid("the body cannot be made JSON: %v", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, invalid("%v", err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", d.agent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range c.Header {
		req.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	return req, nil
}

// decodeInto gives an answer's body to whom it is for.
func decodeInto(resp *http.Response, body []byte, out any) error {
	switch to := out.(type) {
	case nil:
		return nil
	case io.Writer:
		_, err := to.Write(body)
		return err
	}
	if len(body) == 0 {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return malformed(resp, body, err)
	}
	return nil
}

// nextOf looks for a link to another page in an answer.
func (d *driver) nextOf(resp *http.Response, address string, body []byte) (string, error) {
	var list struct {
		Next string `json:"next"`
	}
	if !isJSON(resp.Header) || json.Unmarshal(body, &list) != nil {
		return "", nil
	}
	return d.next(resp, address, list.Next)
}

// get asks for a resource. An answer that does not have it is an error.
func (d *driver) get(ctx context.Context, c *http.Client, address, accept string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, invalid("%v", err)
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("User-Agent", d.agent)
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 == 2 && resp.StatusCode != http.StatusAccepted {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, d.failure(resp)
}

// maxRedirects is how many redirects are followed, as many as net/http would.
const maxRedirects = 10

// stay follows redirects on the same host, such as those of a renamed
// repository. One to elsewhere is an answer that is none.
func stay(req *http.Request, via []*http.Request) error {
	if from := via[0].URL; req.URL.Scheme != from.Scheme || req.URL.Host != from.Host {
		return http.ErrUseLastResponse
	}
	return leave(req, via)
}

// leave follows redirects to storage hosts, too, but none that gives up https.
// The transport sends no credential there.
func leave(req *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return errors.New("gitfleet: bitbucket: too many redirects")
	}
	if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return http.ErrUseLastResponse
	}
	return nil
}
