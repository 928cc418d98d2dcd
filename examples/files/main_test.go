package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `60 files in 4 directories below the root
README.md has all its data: true
the largest has more than 1 MiB: true and is whole: true
a file that is not there: true
`

func TestRun_reads_a_tree_and_its_files(t *testing.T) {
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
