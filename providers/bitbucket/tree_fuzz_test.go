package bitbucket

import (
	"slices"
	"strings"
	"testing"
)

func FuzzTreeWalk(f *testing.F) {
	f.Add("https://api.bitbucket.org/2.0/x?page=2", "main", "src/a", 3, "b\nc")
	f.Fuzz(func(t *testing.T, next, revision, dir string, depth int, later string) {
		if next == "" || strings.Contains(next, "#") || depth == 0 {
			return
		}
		w := treeWalk{revision: revision, dir: dir, depth: depth, later: strings.Split(later, "\n")}
		address, got := readTreeWalk(w.write(next))
		if address != next || got.revision != revision || got.dir != dir || got.depth != depth || !slices.Equal(got.later, w.later) {
			t.Fatalf("%+v comes back as %+v", w, got)
		}
		_, _ = readTreeWalk(revision + "#" + later)
	})
}
