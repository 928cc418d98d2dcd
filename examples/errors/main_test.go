package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `not there, or hidden from the token
  fetch repository at github: status 404, page 0, may succeed later: false
  go-github's own error is below
asked for in the wrong way
  fetch repository at github: status 0, page 0, may succeed later: false
the host is in trouble
  fetch repositories at github: status 502, page 2, may succeed later: true
  go-github's own error is below
  read before that: 100
a limit
  fetch repository at github: status 403, page 0, may succeed later: true
  primary limit of "core", in 1h0m0s
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
