package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `level=INFO msg=attempt number=1 token=alice url=https://api.github.com/users/octocat
level=WARN msg=limit token=alice status=403 class=primary_limit
level=WARN msg=swap from=alice because=primary_limit status=403
level=INFO msg=attempt number=2 token=bob url=https://api.github.com/users/octocat
level=INFO msg=done attempts=2 token=bob status=200
level=WARN msg=wait for=core at_least=4s
level=INFO msg=attempt number=1 token=alice url=https://api.github.com/users/octocat
level=INFO msg=done attempts=1 token=alice status=200
`

func TestRun_logs_what_happens_to_calls(t *testing.T) {
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
