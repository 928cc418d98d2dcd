package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `200 acme
250 rows on 3 pages
GraphQL knows the viewer: user-1
the JSON is there: true
go-github's record: acme/repo-0001
go-github's client: acme/repo-0002
`

func TestRun_goes_below_the_portable_methods(t *testing.T) {
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
