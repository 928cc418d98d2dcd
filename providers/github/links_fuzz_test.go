package github

import (
	"net/http"
	"strings"
	"testing"
)

func FuzzLinks(f *testing.F) {
	f.Add(`<https://api.github.com/x?page=2>; rel="next", <https://api.github.com/x?page=9>; rel="last"`)
	f.Add(`<x>;rel=next`)
	f.Fuzz(func(t *testing.T, header string) {
		for rel, address := range linksIn(http.Header{"Link": {header}}) {
			if rel == "" || strings.ContainsAny(address, "<>") && strings.Contains(address, ">") || !strings.Contains(header, address) {
				t.Fatalf("the link %q leads to %q", rel, address)
			}
		}
	})
}
