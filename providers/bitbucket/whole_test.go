package bitbucket_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/providers/bitbucket"
	gobitbucket "github.com/ktrysmt/go-bitbucket"
)

// blanks is more white space than anybody should read, and how much of it was read.
type blanks struct{ read int }

func (b *blanks) Read(p []byte) (int, error) {
	if b.read > 256<<20 {
		return 0, io.EOF
	}
	copy(p, strings.Repeat(" ", len(p)))
	b.read += len(p)
	return len(p), nil
}

func TestNewClient_reads_no_more_of_an_answer_than_64_MiB(t *testing.T) {
	t.Parallel()
	body := new(blanks)
	lib, err := bitbucket.NewClient(t.Context(), roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
			Body: io.NopCloser(body), ContentLength: -1,
		}, nil
	}), "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = lib.Repositories.Repository.Get(&gobitbucket.RepositoryOptions{Owner: "acme", RepoSlug: "web"})
	if err == nil || !strings.Contains(err.Error(), "more than 67108864 bytes") || body.read > 64<<20+1 {
		t.Errorf("Get() = %v after %d bytes", err, body.read)
	}
}
