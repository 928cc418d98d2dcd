package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `the latest is v1.119.0 by ada
with web-v1.119.0.tar.gz size known: true
120 releases
`

func TestRun_lists_releases_with_their_files(t *testing.T) {
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
