package fleettest

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is something that goes wrong with some requests. What it does not say
// stays as it is: a Fault with a Header alone changes single headers of the
// normal answers.
type Fault struct {
	// Match picks the requests. It is called with a request whose body can be
	// read, and may call the simulator. If nil, the fault is for all.
	Match func(*http.Request) bool

	// After is how many matching requests pass before the fault strikes.
	After int

	// Times is how often it strikes. Defaults to 1; negative means always.
	Times int

	// Do, if set, is called each time the fault strikes, before the request is
	// carried out. It may call the simulator, to change what a client is in
	// the middle of reading.
	Do func()

	// Delay comes before the answer, on top of Config.Latency.
	Delay time.Duration

	// Drop breaks the connection instead of answering. The request was
	// carried out and counted all the same. Over sockets, net/http repeats a
	// read on its own if the broken connection was not new.
	Drop bool

	// Status is the answer's status in place of the normal one. The request
	// is counted but not carried out, and the body is Body.
	Status int

	// Header is set on the answer. A key without values is removed.
	Header http.Header

	// Body is the answer's body, if Status is set or it is not empty.
	Body string

	// Pause comes in the middle of the answer's body.
	Pause time.Duration

	// Cut breaks the body off after so many bytes. 0 means it is whole.
	Cut int

	// Size makes the body so many bytes long, by spaces at its end, which JSON
	// does not mind. They are made as they are read, so that a gibibyte costs
	// nothing. Pause and Cut are then for what comes before them.
	Size int64

	// Gzip compresses the body, whether or not the client has asked for it:
	// what net/http undoes by itself over a connection, and what the client
	// gets as it is in memory. With a Size it is a bomb.
	Gzip bool

	// Length is the Content-Length, in place of the true one: the body breaks
	// off before a greater one is reached, and ends at a smaller one. 0 means
	// the true one.
	Length int

	// Edge keeps the request from the host proper: nothing is counted, and
	// the answer has none of the usual headers.
	Edge bool
}

// armedFault is a Fault and how often it still lets pass and strikes.
type armedFault struct {
	Fault
	pass, left int
}

// Inject adds a fault. Of several that match a request, the one added first
// strikes.
func (h *host) Inject(f Fault) {
	f.Header = f.Header.Clone()
	armed := &armedFault{Fault: f, pass: f.After, left: f.Times}
	if f.Times == 0 {
		armed.left = 1
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = append(h.faults, armed)
}

// strike returns the fault for c, or nil.
func (h *host) strike(c *call) *Fault {
	h.mu.Lock()
	armed := h.faults
	h.mu.Unlock()
	for _, f := range armed {
		if f.Match != nil && !f.Match(c.bodied()) {
			continue
		}
		if h.spendFault(f) {
			if f.Do != nil {
				f.Do()
			}
			return &f.Fault
		}
	}
	return nil
}

// spendFault takes one strike of f, if it is its turn.
func (h *host) spendFault(f *armedFault) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f.left == 0 {
		return false
	}
	if f.pass > 0 {
		f.pass--
		return false
	}
	if f.left > 0 {
		f.left--
	}
	h.faulty++
	return true
}

// delay is what f adds to the latency. f may be nil.
func (f *Fault) delay() time.Duration {
	if f == nil {
		return 0
	}
	return f.Delay
}

// alter puts f's status and body into the answer a, which is nil if nobody
// was there to answer. f may be nil.
func (f *Fault) alter(a *answer, none error) (*answer, error) {
	if f == nil {
		return a, none
	}
	if f.Drop {
		return nil, fmt.Errorf("fleettest: connection dropped: %w", io.ErrUnexpectedEOF)
	}
	if a == nil {
		if f.Status == 0 {
			return nil, none
		}
		a = newAnswer(f.Status)
	}
	if f.Status != 0 {
		a.status, a.body = f.Status, nil
	}
	if f.Body != "" {
		a.body = []byte(f.Body)
	}
	if a.header.Get("Content-Type") == "" {
		a.header.Set("Content-Type", typeOf(f.Body))
	}
	a.cut, a.pause = f.Cut, f.Pause
	f.resize(a)
	return a, nil
}

// typeOf is the content type of a made-up body: whole or broken JSON, or a
// page.
func typeOf(body string) string {
	if strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		return "application/json; charset=utf-8"
	}
	return "text/html; charset=utf-8"
}

// resize makes a's body as long as f says, in one way or another.
func (f *Fault) resize(a *answer) {
	a.pad = max(0, f.Size-int64(len(a.body)))
	if f.Gzip {
		a.body, a.pad = zipped(a.body, a.pad), 0
		a.header.Set("Content-Encoding", "gzip")
	}
	switch whole := int64(len(a.body)) + a.pad; {
	case f.Length == 0:
	case int64(f.Length) > whole:
		a.length = int64(f.Length)
	case f.Length <= len(a.body):
		a.body, a.pad = a.body[:f.Length], 0
	default:
		a.pad = int64(f.Length - len(a.body))
	}
}

// retouch sets f's headers. f may be nil.
func (f *Fault) retouch(a *answer) {
	if f == nil {
		return
	}
	for k, v := range f.Header {
		k = http.CanonicalHeaderKey(k)
		if len(v) == 0 {
			delete(a.header, k)
			continue
		}
		a.header[k] = slices.Clone(v)
	}
}
