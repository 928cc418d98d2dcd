package github

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"sync"

	"github.com/gitfleet/gitfleet/providers"
)

// bodies are the buffers that answers are read into before they are decoded. A
// page of a hundred repositories has half a megabyte, and records keep none of
// it: whoever decodes JSON copies what it keeps (see [json.Unmarshaler]).
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooled is how large a buffer may be to be used again.
const maxPooled = 4 << 20

// decode reads an answer into v and closes it. A status of 204 leaves v as it is.
func decode(resp *http.Response, v any) error {
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNoContent {
		return nil
	}
	body := bodies.Get().(*bytes.Buffer)
	body.Reset()
	defer func() {
		if body.Cap() <= maxPooled {
			bodies.Put(body)
		}
	}()
	if n := resp.ContentLength; n > 0 && n <= maxPooled-bytes.MinRead {
		body.Grow(int(n) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(resp.Body); err != nil {
		return err // the connection broke
	}
	err := json.Unmarshal(body.Bytes(), v)
	switch {
	case err == nil:
		return nil
	case len(bytes.TrimSpace(body.Bytes())) == 0:
		err = errors.New("the answer is empty")
	}
	return providers.Malformed(resp.StatusCode, err)
}
