package fleettest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// answer is a response before it goes out in memory or over a socket.
type answer struct {
	status int
	header http.Header
	body   []byte
	cut    int           // > 0: the body breaks off after so many bytes
	pause  time.Duration // in the middle of the body
	pad    int64         // spaces after the body
	length int64         // > 0: what is announced, more than there is
}

// newAnswer returns an answer without body.
func newAnswer(status int) *answer {
	return &answer{status: status, header: http.Header{}}
}

// newJSON returns an answer with v as its body.
func newJSON(status int, v any) *answer {
	a := newAnswer(status)
	a.header.Set("Content-Type", "application/json; charset=utf-8")
	a.body = marshal(v)
	return a
}

// renderer is a shape that makes its JSON itself.
type renderer interface{ render() []byte }

// marshal returns v, one of our own shapes, as JSON.
func marshal(v any) []byte {
	if r, ok := v.(renderer); ok {
		return r.render()
	}
	out, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("fleettest: marshal answer: %v", err))
	}
	return out
}

// response returns a as the answer to r.
func (a *answer) response(r *http.Request) *http.Response {
	resp := &http.Response{
		Status:     fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)),
		StatusCode: a.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        a.header,
		ContentLength: a.announced(),
		Request:       r,
	}
	if a.bodyAllowed() {
		a.header.Set("Content-Length", strconv.FormatInt(a.announced(), 10))
	}
	if r.Method == http.MethodHead || !a.bodyAllowed() {
		resp.Body = http.NoBody
		return resp
	}
	resp.Body = &body{answer: a, rest: bytes.NewReader(a.whole()), request: r}
	return resp
}

// bodyAllowed reports whether the status admits a body.
func (a *answer) bodyAllowed() bool {
	return a.status != http.StatusNotModified && a.status != http.StatusNoContent
}

// whole returns what is sent of the body.
func (a *answer) whole() []byte {
	if a.cut > 0 && a.cut < len(a.body) {
		return a.body[:a.cut]
	}
	return a.body
}

// broken reports whether the body breaks off.
func (a *answer) broken() bool { return a.cut > 0 && a.cut < len(a.body) || a.length > 0 }

// announced is the Content-Length.
func (a *answer) announced() int64 {
	if a.length > 0 {
		return a.length
	}
	return int64(len(a.body)) + a.pad
}

// write sends a through w. It panics with [http.ErrAbortHandler] where the
// connection breaks.
func (a *answer) write(w http.ResponseWriter, r *http.Request) {
	out := w.Header()
	for k, v := range a.header {
		out[k] = v
	}
	if a.bodyAllowed() {
		out.Set("Content-Length", strconv.FormatInt(a.announced(), 10))
	}
	w.WriteHeader(a.status)
	if r.Method == http.MethodHead || !a.bodyAllowed() {
		return
	}
	part := a.whole()
	if a.pause > 0 {
		w.Write(part[:len(part)/2])
		http.NewResponseController(w).Flush()
		if wait(r.Context(), a.pause) != nil {
			panic(http.ErrAbortHandler)
		}
		part = part[len(part)/2:]
	}
	w.Write(part)
	if a.broken() {
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	io.CopyN(w, spaces{}, a.pad)
}

// body is an answer's body in memory, with its pause and its early end.
type body struct {
	answer  *answer
	request *http.Request
	rest    *bytes.Reader
	paused  bool
	padded  int64 // of the answer's pad
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	half := b.rest.Size() / 2
	if before := int64(b.rest.Len()) - (b.rest.Size() - half); b.answer.pause > 0 && !b.paused {
		if before <= 0 {
			b.paused = true
			if err := wait(b.request.Context(), b.answer.pause); err != nil {
				return 0, err
			}
		} else if int64(len(p)) > before {
			p = p[:before]
		}
	}
	n, err := b.rest.Read(p)
	switch {
	case err == io.EOF && b.answer.broken():
		err = io.ErrUnexpectedEOF
	case err == io.EOF && b.padded < b.answer.pad:
		n, err = spaces{}.Read(p[:min(int64(len(p)), b.answer.pad-b.padded)])
		b.padded += int64(n)
	}
	return n, err
}

// Close implements [io.Closer].
func (b *body) Close() error { return nil }
