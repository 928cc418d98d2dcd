package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `alice alice alice alice bob bob
bob carol bob carol
`

func TestRun_stays_with_one_token_and_then_takes_turns(t *testing.T) {
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
