package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `69c8b702 by Contributor 10 after 1 parent
e8e30095 by Contributor 9 after 1 parent
35b1940a by Contributor 8 after 1 parent
3 of the last day touch README.md, 226 are older
250 commits by 12 people, 3 of them without an account
`

func TestRun_shows_commits_and_who_wrote_them(t *testing.T) {
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
