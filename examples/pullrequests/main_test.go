package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `230 pull requests: map[closed:94 merged:75 open:61]
#454 merged, from feature/227 into main
it was merged before it was last changed: true
`

func TestRun_lists_pull_requests_by_state(t *testing.T) {
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
