package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `alice is valid, it is of user-1 and may [read:org repo user]
bob is invalid
alice core: 4999 of 5000
alice search: 30 of 30
bob core unknown
`

func TestRun_asks_about_every_token(t *testing.T) {
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
