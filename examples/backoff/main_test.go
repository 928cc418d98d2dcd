package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `502 Bad Gateway again in about 200ms
502 Bad Gateway again in about 400ms
429 Too Many Requests again in about 1s
200 OK
`

func TestRun_pauses_and_gets_its_answer(t *testing.T) {
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
