package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `the last call: 200 OK after 0s
never waits: nothing was sent, come again in 4s
refuses in the host's form: 403 Forbidden after 0s
has a deadline: nothing was sent, come again in 4s
waits: 200 OK after 4s
`

func TestRun_waits_only_where_it_may(t *testing.T) {
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
