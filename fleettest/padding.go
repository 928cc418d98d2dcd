package fleettest

import (
	"bytes"
	"compress/gzip"
	"sync"
)

// spaces is a reader without end.
type spaces struct{}

// Read implements [io.Reader].
func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// mebibyte is one of spaces, compressed: about a thousandth of it.
var mebibyte = sync.OnceValue(func() []byte { return member(bytes.Repeat([]byte(" "), 1<<20)) })

// zipped compresses body and n spaces. A gzip stream may have several members
// (RFC 1952, section 2.2), so that a gibibyte is compressed at once.
func zipped(body []byte, n int64) []byte {
	out := member(body)
	if n >= 1<<20 {
		out = append(out, bytes.Repeat(mebibyte(), int(n>>20))...)
	}
	return append(out, member(bytes.Repeat([]byte(" "), int(n&(1<<20-1))))...)
}

// member is a gzip stream of body.
func member(body []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(body)
	z.Close()
	return out.Bytes()
}
