package transport

import (
	"encoding/json"
	"io"
	"sync"
)

// keeping is a body that is kept when it has been read to the end. What is cut
// off or left unread is not.
type keeping struct {
	body  io.ReadCloser
	whole func(value []byte) // called once at most

	mu    sync.Mutex // guards what follows; a body may be closed while it is read
	value []byte     // the entry as far as it was read; nil when it is over
	busy  bool       // it is being read
	read  int64
	room  int64 // for the body
	left  int64 // of the length that was announced; negative if none was
}

// Read implements [io.Reader].
func (k *keeping) Read(p []byte) (int, error) {
	k.setBusy(true)
	n, err := k.body.Read(p)
	k.setBusy(false)
	if k.took(p[:n], err) {
		k.finish()
	}
	return n, err
}

func (k *keeping) setBusy(busy bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.busy = busy
}

// took adds what was read, and reports whether that is all.
func (k *keeping) took(p []byte, err error) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.value == nil {
		return false
	}
	k.read += int64(len(p))
	if k.read > k.room || err != nil && err != io.EOF {
		k.value = nil
		return false
	}
	k.value = append(k.value, p...)
	if k.left >= 0 {
		k.left -= int64(len(p))
		if k.left < 0 { // more than was announced
			k.value = nil
		}
		return k.left == 0
	}
	return err == io.EOF
}

// finish keeps the answer, if that was not done.
func (k *keeping) finish() {
	k.mu.Lock()
	value := k.value
	k.value = nil
	k.mu.Unlock()
	if value != nil {
		k.whole(sealEntry(value))
	}
}

// Close implements [io.Closer]. A reader of JSON stops where the value ends, so
// that the end of a body whose length is not known is looked for here, where
// nothing but that can follow.
func (k *keeping) Close() error {
	if k.endsHere() {
		var p [64]byte
		for range 4 { // white space
			if _, err := k.Read(p[:]); err != nil {
				break
			}
		}
	}
	k.mu.Lock()
	k.value = nil
	k.mu.Unlock()
	return k.body.Close()
}

// endsHere reports whether all that was not read is the end of the body. Close
// must not wait for a Read that it is to end.
func (k *keeping) endsHere() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.value == nil || k.busy || k.left >= 0 || k.read == 0 {
		return false
	}
	text := k.value[int64(len(k.value))-k.read:]
	switch text[len(text)-1] {
	case '}', ']', '\n':
		return json.Valid(text)
	}
	return false
}
