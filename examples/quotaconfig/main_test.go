package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `defaults: key [secret], timeout 30s, 3 retries, buckets of 5
with options: key [secret], timeout 1m0s, 0 retries, buckets of 20
the first batch leaves 9
quota: config: no API key; no application id; timeout -1ns is negative
`

func TestRun_shows_defaults_options_and_every_problem(t *testing.T) {
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
