package bitbucket

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/gitfleet/gitfleet/providers"
)

// whole reads JSON answers to their end before it returns them. go-bitbucket
// neither drains nor closes the pages that follow the first, which would leave
// a connection open for each, and takes one that breaks off or is no JSON for
// the last, which would lose the rest of a list without an error. What is not
// JSON, such as a file or a diff, is handed on as it comes.
type whole struct{ base http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (w whole) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.base.RoundTrip(req)
	if err != nil || resp.Body == nil || resp.StatusCode != http.StatusOK || !isJSON(resp.Header) {
		return resp, err
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, providers.DefaultMaxAnswer+1))
	_ = resp.Body.Close()
	if len(text) > providers.DefaultMaxAnswer {
		err = fmt.Errorf("it has more than %d bytes", providers.DefaultMaxAnswer)
	}
	if err == nil && !json.Valid(text) && req.Method != http.MethodHead {
		err = errors.New("the answer is not JSON, though it says so")
	}
	if err != nil {
		return nil, fmt.Errorf("gitfleet: bitbucket: reading the answer: %w", err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(text))
	return resp, nil
}

// CloseIdleConnections closes the idle connections of what is below; it is what
// [http.Client.CloseIdleConnections] calls.
func (w whole) CloseIdleConnections() {
	if c, ok := w.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func isJSON(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && kind == "application/json"
}
