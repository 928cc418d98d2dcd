package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `150 issues, 76 open
#5 open by ada
#9 open by ada
gitfleet: bitbucket: fetch issues of acme/web: not supported - true
`

func TestRun_lists_issues_without_pull_requests(t *testing.T) {
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
