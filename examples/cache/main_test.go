package main

import (
	"strings"
	"testing"
)

func TestRun_pays_for_what_is_new_or_has_changed(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(t.Context(), &out, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	const want = `monday: 6 free, 3 paid
tuesday: 8 free, 1 paid
`
	if out.String() != want {
		t.Errorf("output\n%swant\n%s", out.String(), want)
	}
}
