package transport

import (
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"net/textproto"
	"strings"

	"github.com/gitfleet/gitfleet/tokens"
)

// entry is a kept answer.
type entry struct {
	token        tokens.ID   // that it was given to
	header       http.Header // of the answer
	body         []byte      // the Store's, not to be changed
	etag         string      // empty if it has none that can be sent
	lastModified string
}

// Values of a Store begin with what they are, the second digit being the version
// of their form. What is of another is not there.
const (
	entryMark   = "e2"
	holdersMark = "h1"
)

// Where the parts of an entry stand that are of one length: that of the body, that
// of what stands before it, and the sum of all.
const (
	bodyAt = len(entryMark) + len(digest{})
	headAt = bodyAt + 8
	sumAt  = headAt + 8
	textAt = sumAt + 4
)

// newEntry returns the beginning of an entry: all but its body, with room for it.
func newEntry(key digest, id tokens.ID, h http.Header, room int) []byte {
	buf := make([]byte, 0, 1024+room)
	buf = append(buf, entryMark...)
	buf = append(buf, key[:]...)
	buf = append(buf, make([]byte, textAt-bodyAt)...)
	buf = appendText(buf, string(id))
	values := 0
	for name, vs := range h {
		if keptField(name) {
			values += len(vs)
		}
	}
	buf = binary.AppendUvarint(buf, uint64(values))
	for name, vs := range h {
		for _, v := range vs {
			if keptField(name) {
				buf = appendText(appendText(buf, name), v)
			}
		}
	}
	binary.BigEndian.PutUint64(buf[headAt:], uint64(len(buf)-textAt))
	return buf
}

// sealEntry completes an entry with the length of the body that was added to it,
// and the sum.
func sealEntry(value []byte) []byte {
	head := textAt + int(binary.BigEndian.Uint64(value[headAt:]))
	binary.BigEndian.PutUint64(value[bodyAt:], uint64(len(value)-head))
	binary.BigEndian.PutUint32(value[sumAt:], sumOf(value))
	if cap(value)-len(value) > len(value)/4 {
		return append(make([]byte, 0, len(value)), value...)
	}
	return value
}

// sumOf returns the sum of an entry.
func sumOf(value []byte) uint32 {
	sum := crc32.Checksum(value[:sumAt], castagnoli)
	return crc32.Update(sum, castagnoli, value[textAt:])
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// intact reports whether an entry is as it was when it was sealed.
func intact(value []byte) bool {
	return len(value) >= textAt && binary.BigEndian.Uint32(value[sumAt:]) == sumOf(value)
}

// laidOver is how many fields a 304 adds to those that are kept, about: its rate
// limit, and what [lookup.revalidated] says.
const laidOver = 9

// readEntry reads what newEntry and sealEntry made for this key, or returns nil.
func readEntry(value []byte, key digest) *entry {
	if len(value) < textAt || string(value[:2]) != entryMark || digest(value[2:bodyAt]) != key {
		return nil
	}
	body, head := binary.BigEndian.Uint64(value[bodyAt:]), binary.BigEndian.Uint64(value[headAt:])
	rest := value[textAt:]
	if head > uint64(len(rest)) || body != uint64(len(rest))-head {
		return nil
	}
	text := textReader{left: string(rest[:head])}
	e := &entry{token: tokens.ID(text.next()), body: rest[head:]}
	n := text.number()
	if n > uint64(len(text.left)) { // each takes two bytes and more
		return nil
	}
	e.header = make(http.Header, n+laidOver)
	room := make([]string, n)
	for i := range room {
		name := text.next()
		room[i] = text.next()
		if vs, ok := e.header[name]; ok {
			e.header[name] = append(vs, room[i])
			continue
		}
		e.header[name] = room[i : i+1 : i+1]
	}
	if text.bad || text.left != "" {
		return nil
	}
	e.etag, e.lastModified = sendable(e.header.Get("Etag")), e.header.Get("Last-Modified")
	return e
}

// sendable returns an entity tag that can be sent back (RFC 9110, section
// 8.8.3), else "".
func sendable(etag string) string {
	opaque := strings.TrimPrefix(etag, "W/")
	if len(opaque) < 2 || opaque[0] != '"' || opaque[len(opaque)-1] != '"' {
		return ""
	}
	for _, b := range []byte(opaque[1 : len(opaque)-1]) {
		if b <= ' ' || b == '"' || b >= 0x7f {
			return ""
		}
	}
	return etag
}

// keptField reports whether a field of an answer is kept: not those of the
// connection (RFC 9110, section 7.6.1), of the moment, or those that set cookies.
func keptField(name string) bool {
	switch textproto.CanonicalMIMEHeaderKey(name) {
	case "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer",
		"Transfer-Encoding", "Upgrade", "Set-Cookie", "Set-Cookie2", "Content-Length", "Retry-After", "X-From-Cache":
		return false
	}
	return !strings.HasPrefix(name, "X-Ratelimit-") && !strings.HasPrefix(name, "Ratelimit")
}

// describesBody reports whether a field describes the body that an answer has,
// which a 304 does not send.
func describesBody(name string) bool {
	switch name {
	case "Content-Encoding", "Content-Length", "Content-Range", "Content-Type", "Connection", "Keep-Alive", "Trailer", "Transfer-Encoding", "Upgrade":
		return true
	}
	return false
}

func appendText(buf []byte, s string) []byte {
	return append(binary.AppendUvarint(buf, uint64(len(s))), s...)
}

// textReader reads what appendText wrote. Of what is damaged it makes nothing.
type textReader struct {
	left string
	bad  bool
}

func (r *textReader) number() uint64 {
	var n uint64
	for i := range min(len(r.left), binary.MaxVarintLen32) { // 35 bits
		b := r.left[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.left = r.left[i+1:]
			return n
		}
	}
	r.left, r.bad = "", true
	return 0
}

func (r *textReader) next() string {
	n := r.number()
	if n > uint64(len(r.left)) {
		r.left, r.bad = "", true
		return ""
	}
	s := r.left[:n]
	r.left = r.left[n:]
	return s
}

func (r *textReader) digest() (d digest) {
	if len(r.left) < len(d) {
		r.left, r.bad = "", true
		return d
	}
	copy(d[:], r.left)
	r.left = r.left[len(d):]
	return d
}
