package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const want = `success: 10000/10000 (100.0 %)
failed items: []
banned keys: [key-4]
coin-00042: 1010
success: 100/100 (100.0 %)
failed items: []
banned keys: [key-4]
coin-10042: 1010
`

func TestRun_bans_the_broken_key_and_waits_for_the_limit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		start := time.Now()
		if err := run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != want {
			t.Errorf("run() printed\n%swant\n%s", got, want)
		}
		if waited := time.Since(start); waited < 2*time.Second || waited > 10*time.Second {
			t.Errorf("it took %v, want the rest of one limit and its margin", waited)
		}
	})
}
