package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `mail 1 sent
mail 2 sent
mail 3 has to wait for 10s
mail 3 sent
`

func TestRun_sends_what_the_quota_allows_and_waits_for_the_rest(t *testing.T) {
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
