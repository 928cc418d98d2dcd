package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const want = `bitcoin in usd: 7000
ethereum in usd: 8000
solana in eur: 6000
frozen in usd: attempt timed out after 300ms: context deadline exceeded
`

func TestRun_prints_in_the_order_of_the_list_and_cancels_what_is_late(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var out strings.Builder
		if err := run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != want {
			t.Errorf("run() printed\n%swant\n%s", got, want)
		}
		if took := time.Since(start); took != 300*time.Millisecond {
			t.Errorf("took %v, want no more than the timeout", took)
		}
	})
}
