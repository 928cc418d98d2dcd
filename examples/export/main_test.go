package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `csv:
full_name,owner.login,visibility,default_branch
acme/repo-0001,acme,public,main
acme/repo-0002,acme,public,main
table:
FULL_NAME       OWNER.LOGIN  VISIBILITY  DEFAULT_BRANCH
acme/repo-0001  acme         public      main
acme/repo-0002  acme         public      main
ndjson:
{"default_branch":"main","full_name":"acme/repo-0001","owner.login":"acme","visibility":"public"}
{"default_branch":"main","full_name":"acme/repo-0002","owner.login":"acme","visibility":"public"}
a branch has the columns [provider host raw name sha protected default committed_at web_url]
`

func TestRun_writes_three_formats(t *testing.T) {
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
