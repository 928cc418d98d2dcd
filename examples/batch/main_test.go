package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `success: 60/61 (98.4 %), 1 listed twice
nobody after 1 attempt: gitfleet: github: fetch repositories of nobody: 404 not found: Not Found
owner-07 has 7
`

func TestRun_reads_every_owner_and_tells_which_failed(t *testing.T) {
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
