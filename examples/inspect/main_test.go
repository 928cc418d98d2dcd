package main

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
)

const want = `TOKEN  STATE      LEFT     LIMIT    RESET      WHY
alice  invalid    unknown  unknown             Bad credentials
bob    limited    0        5000     in 1h0m0s
carol  available  4999     5000     in 1h0m0s
dave   unknown    unknown  unknown
2 can serve a call now
the next can in 1h0m0s
`

// blanksAtEnd are what a tabwriter makes of empty cells.
var blanksAtEnd = regexp.MustCompile(`(?m) +$`)

func TestRun_reports_on_each_token(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		if err := run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		if got := blanksAtEnd.ReplaceAllString(out.String(), ""); got != want {
			t.Errorf("run() printed\n%swant\n%s", got, want)
		}
	})
}
