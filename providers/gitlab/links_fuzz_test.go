package gitlab

import (
	"strings"
	"testing"
)

func FuzzLinks(f *testing.F) {
	f.Add(`<https://gitlab.com/api/v4/x?page=2>; rel="next", <https://gitlab.com/api/v4/x?page=9>; rel="last"`)
	f.Add(`<x>;rel=next`)
	f.Add(`<<>>;rel=next,`)
	f.Fuzz(func(t *testing.T, header string) {
		for _, rel := range []string{"next", "last"} {
			if address := linkTo(rel, []string{header}); strings.Contains(address, ">") || !strings.Contains(header, address) {
				t.Fatalf("the link %q leads to %q", rel, address)
			}
		}
	})
}
