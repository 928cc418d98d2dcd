package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `consumed 1 by rule send_email, remaining 1
consumed 1 by rule send_email, remaining 0
rate limited for 10s, throttled 1 times
the default bucket: true, consumed 2
`

func TestRun_consumes_without_local_buckets(t *testing.T) {
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
