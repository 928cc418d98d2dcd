package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `wrong key: authentication failed
unknown application: not found
out of order: API error 503: HTTP 503 Error
unplugged: network error
fail open: allowed true, unchecked true
quota: more than the rule's burst: 3 tokens at once, rule "send_email" holds 2
`

func TestRun_tells_errors_apart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		if err := run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != want {
			t.Errorf("run() printed\n%swant\n%s", got, want)
		}
	})
}
