package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `acme/web is on main at https://github.com/acme/web
visibility: public permission: write license: Apache-2.0
archived: false
2 languages have 100 % of the code
Bitbucket tells languages: false
`

func TestRun_finds_a_repository_under_its_old_name(t *testing.T) {
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
