//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab

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
	"github.com/xanzy/go-gitlab"
)

// answer is an answer of success, read to its end.
type answer struct {
	status int
	header http.Header
	from   *url.URL // where it came from, after redirects
	body   []byte
}

// get asks for what is at an address.
func (d *driver) get(ctx context.Context, address string) (answer, error) {
	req, err := d.request(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, err
	}
	return d.ask(req)
}

// request makes a request. A body is sent as JSON.
func (d *driver) request(ctx context.Context, method, address string, body []byte) (*http.Request, error) {
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, &providers.Error{Kind: providers.ErrInvalid, Message: "this is no request", Err: err}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", d.library.UserAgent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// ask sends a request and reads its answer. Only 200, 201 and 204 are success:
// 202 means that there is nothing yet.
func (d *driver) ask(req *http.Request) (answer, error) {
	resp, err := send(d.strict, req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK, http.StatusCreated, http.StatusNoContent:
	default:
		return answer{}, d.failure(resp)
	}
	body, err := d.read(resp)
	if err != nil {
		return answer{}, err
	}
	return answer{resp.StatusCode, resp.Header, resp.Request.URL, body}, nil
}

// send sends a request. Its errors do not hold the address, in whose query a
// caller may have put a secret.
func send(c *http.Client, req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	resp, err := c.Do(req)
	var whole *url.Error
	if errors.As(err, &whole) {
		return nil, whole.Err
	}
	return resp, err
}

// read returns the body of an answer.
func (d *driver) read(resp *http.Response) ([]byte, error) {
	providers.Bound(resp, d.most)
	var b bytes.Buffer
	if n := resp.ContentLength; n > 0 && n < 1<<24 {
		b.Grow(int(n) + bytes.MinRead)
	}
	_, err := b.ReadFrom(resp.Body)
	return b.Bytes(), err
}

// maxRedirects is how many redirects are followed, as by [http.Client].
const maxRedirects = 10

// stay follows redirects within the host only, as from a project's old path to
// its id. An answer from elsewhere would be taken for the host's own.
func (d *driver) stay(req *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return fmt.Errorf("stopped after %d redirects", maxRedirects)
	}
	if !d.sameHost(req.URL) {
		return http.ErrUseLastResponse
	}
	return nil
}

// failure makes an error of an answer that is none of success. The library's
// own, made of the same body, is below it.
func (d *driver) failure(resp *http.Response) error {
	body := providers.ReadBody(resp)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	cause := gitlab.CheckResponse(resp)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	message := ""
	if resp.StatusCode/100 == 3 {
		message = "it leads to another address"
	}
	e := providers.NewError(d.info, resp, message, body, cause)
	if e.Kind == providers.ErrScope && len(e.MissingScopes) == 0 { //nolint:errorlint // it is the sentinel itself
		e.MissingScopes = missingScopes(body)
	}
	return e
}

// missingScopes reads what the token lacks, any one of it, from a refusal that
// says insufficient_scope (RFC 6750, section 3.1).
func missingScopes(body []byte) []string {
	var refusal struct {
		Scope string `json:"scope"`
	}
	_ = json.Unmarshal(body, &refusal) // it is a hint and may be missing
	return strings.Fields(refusal.Scope)
}
