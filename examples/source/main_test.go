package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `at first: alice bob
then: bob carol
an empty list: gitfleet: sync: the list is empty, its 2 tokens stay: set AllowEmpty if this is right
still: bob carol
removed: alice, its source no longer lists it
`

func TestRun_follows_the_store(t *testing.T) {
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
