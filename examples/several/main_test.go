package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `https://api.github.com/user with a token of https://api.github.com: 200 OK
https://gitlab.com/api/v4/user with a token of https://gitlab.com: 200 OK
https://git.example.com/gitlab/api/v4/user with a token of https://git.example.com/gitlab: 200 OK
https://api.bitbucket.org/2.0/user with a token of https://api.bitbucket.org: 200 OK
https://example.com/ without a token: 404 Not Found
`

func TestRun_sends_each_token_to_its_own_host_only(t *testing.T) {
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
