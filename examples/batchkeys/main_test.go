package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `success: 200/201 (99.5 %)
coin-none: no such coin
coin-042: 1008
`

func TestRun_takes_another_key_and_waits_for_the_limit(t *testing.T) {
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
