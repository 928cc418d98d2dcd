package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `acme/repo-0001 with acme-bot
a search with acme-bot
page 1 of beta with beta-bot
page 2 of beta with beta-bot
page 3 of beta with beta-bot
acme-bot [acme] is acme-bot
beta-bot [beta] is beta-bot
beta-two [beta] is beta-two
`

func TestRun_sends_each_call_with_a_token_that_sees_what_it_is_about(t *testing.T) {
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
