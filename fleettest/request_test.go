package fleettest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// api is the address of the simulated host.
const api = "https://api.github.com"

// reply is an answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

// number returns a header's number, -1 if there is none.
func (r reply) number(name string) int64 {
	n, err := strconv.ParseInt(r.header.Get(name), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// field returns a field of the body's JSON object.
func (r reply) field(t *testing.T, name string) any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("body is no JSON object: %v: %s", err, r.body)
	}
	return v[name]
}

// request is one to send.
type request struct {
	method, path string
	token        string // as Bearer, unless empty
	header       http.Header
	body         string
}

// build makes the request. A path is at api, unless it is a URL.
func (q request) build(t *testing.T) *http.Request {
	t.Helper()
	method := q.method
	if method == "" {
		method = http.MethodGet
	}
	url := q.path
	if strings.HasPrefix(url, "/") {
		url = api + url
	}
	var body io.Reader
	if q.body != "" {
		body = strings.NewReader(q.body)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range q.header {
		r.Header[k] = v
	}
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	return r
}

// send sends a request, without following redirects.
func send(t *testing.T, rt http.RoundTripper, q request) reply {
	t.Helper()
	resp, err := rt.RoundTrip(q.build(t))
	if err != nil {
		t.Fatalf("%s %s: %v", q.method, q.path, err)
	}
	return readReply(t, resp)
}

// readReply reads and closes an answer.
func readReply(t *testing.T, resp *http.Response) reply {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read body: %v", err)
	}
	return reply{resp.StatusCode, resp.Header, string(body)}
}

// get asks for a path with a token, "" for none.
func get(t *testing.T, rt http.RoundTripper, token, path string) reply {
	t.Helper()
	return send(t, rt, request{path: path, token: token})
}

// closeCounter is a body that counts its Close.
type closeCounter struct {
	io.ReadCloser
	closed int
}

func (c *closeCounter) Close() error {
	c.closed++
	return c.ReadCloser.Close()
}
