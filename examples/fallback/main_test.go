package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `the host refused: API rate limit exceeded for user ID 1002.
got octocat
not sent: 1 of 1 tokens limited
got octocat
not sent: 1 of 1 tokens limited
got octocat
`

func TestRun_goes_on_with_the_second_client(t *testing.T) {
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
