package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `120 branches
main is the default branch, protected: true
its head is 40 digits long and has a date: true
the first tag is v1.0.0
250 tags
`

func TestRun_lists_branches_and_tags(t *testing.T) {
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
