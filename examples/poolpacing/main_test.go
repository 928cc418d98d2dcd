package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `0s maps
0s maps
1s maps
1s maps
1s mail
3s maps again
`

func TestRun_paces_each_name_by_itself(t *testing.T) {
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
