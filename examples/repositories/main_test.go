package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `250 repositories, 20 of them private, 12646 MiB
acme/repo-0250 private Java
acme/repo-0249 private TypeScript
some have changed: true
`

func TestRun_lists_all_the_last_by_name_and_the_changed(t *testing.T) {
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
