package providers_test

import (
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gitfleet/gitfleet/providers"
)

func TestBound_lets_all_of_an_answer_pass_and_no_byte_more(t *testing.T) {
	t.Parallel()
	const text = "0123456789"
	for _, tt := range []struct {
		most   int64
		length int64
		want   string
		whole  bool
	}{
		{11, 10, text, true},
		{10, 10, text, true},
		{10, -1, text, true},
		{9, -1, text[:9], false},
		{9, 10, "", false}, // it says so beforehand
		{0, -1, "", false},
		{-1, 10, text, true},
		{math.MaxInt64, -1, text, true},
	} {
		for name, body := range map[string]io.Reader{"at once": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text))} {
			resp := &http.Response{StatusCode: 200, Body: io.NopCloser(body), ContentLength: tt.length}
			providers.Bound(resp, tt.most)
			got, err := io.ReadAll(resp.Body)
			if string(got) != tt.want || (err == nil) != tt.whole || err != nil && !errors.Is(err, providers.ErrTooLarge) {
				t.Errorf("%d bytes of 10, %s: %q, %v, want %q", tt.most, name, got, err, tt.want)
			}
			if _, again := resp.Body.Read(make([]byte, 1)); tt.whole != (again == io.EOF) {
				t.Errorf("%d bytes of 10, %s: the next Read says %v", tt.most, name, again)
			}
		}
	}
}
