package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const want = `added: [coins/key1 coins/key2] removed: [] restored: []
pool size: 2 concurrency: 10 timeout: 15s
added: [coins/key3] removed: [coins/key1] restored: []
pool size: 2 concurrency: 20 timeout: 30s
gitfleet: pool configuration: max_retries is -1: want 0 or more
`

func TestRun_follows_the_store_by_ID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		if err := run(t.Context(), &out, time.Minute); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != want {
			t.Errorf("run() printed\n%swant\n%s", got, want)
		}
	})
}
