package main

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
)

const want = `two accounts turned out to be one: alice

TOKEN   ACCOUNT           ID    KIND                           SCOPES
laptop  alice             1002  classic personal access token  repo
server  alice             1002  classic personal access token  repo
bob     bob               1003  classic personal access token  public_repo
app     acme/deploy[bot]  1004  installation token

laptop: available
server: available
bob: available
app: available
`

// blanksAtEnd are what a tabwriter makes of empty cells.
var blanksAtEnd = regexp.MustCompile(`(?m) +$`)

func TestRun_tells_whose_the_tokens_are(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		if err := run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		if got := blanksAtEnd.ReplaceAllString(out.String(), ""); got != want {
			t.Errorf("run() printed\n%swant\n%s", got, want)
		}
	})
}
