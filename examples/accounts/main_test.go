package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `the token is user-1's, a user
member of acme
octocat: user
acme: organization
nobody-at-all does not exist, or the token may not see it
acme has its page at https://github.com/acme
`

func TestRun_shows_users_and_organizations(t *testing.T) {
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
