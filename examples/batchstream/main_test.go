package main

import (
	"strings"
	"testing"
)

const want = `5000 items, sum 41654167500; none twice: true; gone on from a checkpoint: false
10000 items, sum 333283335000; none twice: true; gone on from a checkpoint: true
asked 10000 times for 10000 items
`

func TestRun_goes_on_without_asking_twice(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != want {
		t.Errorf("run() printed\n%swant\n%s", got, want)
	}
}
