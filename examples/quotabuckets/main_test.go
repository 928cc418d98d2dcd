package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `1 allowed, local: false, bucket: 19 of 20
12 allowed, local: true, bucket: 7 of 20
12 allowed, local: false, bucket: 5 of 20
12 denied, try again in 1m10s
user123, rule send_email: 5 of 20
after Reset: 0 buckets
`

func TestRun_takes_n_or_none_and_lists_what_is_left(t *testing.T) {
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
