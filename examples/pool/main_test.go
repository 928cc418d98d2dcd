package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `key1: available
key2: available
key3: available
  key1 succeeded
price of bitcoin
  key2 succeeded
price of bitcoin
  key3 succeeded
price of bitcoin
  key1 succeeded
price of bitcoin
  key2 succeeded
price of bitcoin
  key3 succeeded
price of bitcoin
  key1 limited
  key2 limited
  key3 limited
3 of 3 keys are limited, the first is back in 24h0m0s
`

func TestRun_uses_every_key_up_and_says_when_the_first_is_back(t *testing.T) {
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
