package providers

import (
	"fmt"
	"io"
	"net/http"
)

const (
	// DefaultMaxAnswer is how many bytes of one answer a client takes into memory
	// unless [Config.MaxAnswer] says otherwise: 64 MiB. A page of a hundred records
	// has some hundred KiB.
	DefaultMaxAnswer = 64 << 20

	// FileAnswers is how many times [Config.MaxAnswer] an answer with a file may
	// have. GitHub serves files of up to 100 MB (GitHub Docs, "REST API endpoints for
	// repository contents"), and in JSON they take a third more.
	FileAnswers = 4
)

// Bound is for drivers: it lets whoever reads the body of an answer that will be in
// memory as a whole have at most so many bytes, and then an [*Error] that matches
// [ErrTooLarge]. It counts what was decompressed. If most is negative there is no
// bound.
func Bound(resp *http.Response, most int64) {
	if most < 0 {
		return
	}
	b := &bounded{ReadCloser: resp.Body, status: resp.StatusCode, most: most, left: most}
	if resp.ContentLength > most {
		b.left = -1
	}
	resp.Body = b
}

// bounded is a body that ends in an error if it is too long.
type bounded struct {
	io.ReadCloser
	status     int
	most, left int64 // left is negative once the body is too long
}

// Read implements [io.Reader].
func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, b.tooLong()
	}
	if int64(len(p)) > b.left {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, b.tooLong()
	}
	return n, err
}

func (b *bounded) tooLong() error {
	return &Error{
		Status: b.status, Kind: ErrTooLarge,
		Message: fmt.Sprintf("the answer has more than %d bytes: ask for a smaller PageSize, or raise Config.MaxAnswer", b.most),
	}
}
