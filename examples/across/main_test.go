package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `failed: gitlab unauthorized
repositories: map[bitbucket:210 github:120]
hosts with open pull requests: 2
`

func TestRun_goes_on_when_a_host_fails(t *testing.T) {
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
