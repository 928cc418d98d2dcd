package fleettest

import (
	"crypto/sha1" // as git does
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// file is a file or a directory of a repository. All commits have the same
// ones.
type file struct {
	path   string
	number int // from 0; of a directory -1
}

// dir reports whether f is a directory.
func (f file) dir() bool { return f.number < 0 }

// largeFile is the size of the file that is larger than what hosts give out
// as JSON.
const largeFile = 1<<20 + 1<<10

// filePath is the path of the ith file, from 0.
func filePath(i int) string {
	switch i {
	case 0:
		return "README.md"
	case 1:
		return "docs/Maße & größe.md"
	case 2:
		return "assets/large.bin"
	}
	return fmt.Sprintf("src/part-%03d/file.%05d.txt", i/100, i)
}

// fileNumber finds the file with a path.
func (r *repository) fileNumber(path string) (i int, ok bool) {
	for i := range min(3, r.files()) {
		if path == filePath(i) {
			return i, true
		}
	}
	_, name, _ := strings.Cut(path, "/file.")
	i, err := strconv.Atoi(strings.TrimSuffix(name, ".txt"))
	return i, err == nil && i >= 0 && i < r.files() && path == filePath(i)
}

// fileBody is what the ith file says.
func (r *repository) fileBody(i int) []byte {
	switch i {
	case 0:
		return fmt.Appendf(nil, "# %s\n\n%s\n", r.name, r.description)
	case 2:
		return []byte(strings.Repeat("0123456789abcdef", largeFile/16))
	}
	return fmt.Appendf(nil, "File %d of repository %d.\n", i, r.id)
}

// fileSize is how long the ith file is, without making it up if it is long.
func (r *repository) fileSize(i int) int {
	if i == 2 {
		return largeFile
	}
	return len(r.fileBody(i))
}

// blob is the ith file's hash.
func (r *repository) blob(i int) string {
	d := r.diceFor("blob", i)
	return d.hash()
}

// treeHash is the hash of a directory, "" being the root.
func (r *repository) treeHash(path string) string {
	sum := sha1.Sum(fmt.Appendf(nil, "tree %d %d %s", r.id, r.files(), path))
	return hex.EncodeToString(sum[:])
}

// hash is the hash of a file or a directory.
func (r *repository) hash(f file) string {
	if !f.dir() {
		return r.blob(f.number)
	}
	return r.treeHash(f.path)
}

// tree returns what is in a directory, "" being the root, at any depth if it
// is to be recursive, in git's order. It reports false if there is no such
// directory.
func (r *repository) tree(dir string, recursive bool) (list []file, ok bool) {
	prefix := ""
	if dir != "" {
		prefix = dir + "/"
	}
	seen := make(map[string]bool)
	for i := range r.files() {
		path := filePath(i)
		rest, inside := strings.CutPrefix(path, prefix)
		if !inside {
			continue
		}
		parts := strings.Split(rest, "/")
		for depth := 1; depth < len(parts) && (recursive || depth == 1); depth++ {
			above := prefix + strings.Join(parts[:depth], "/")
			if !seen[above] {
				seen[above] = true
				list = append(list, file{above, -1})
			}
		}
		if recursive || len(parts) == 1 {
			list = append(list, file{path, i})
		}
	}
	slices.SortFunc(list, func(a, b file) int { return strings.Compare(a.key(), b.key()) })
	return list, len(list) > 0 || dir == "" && !r.empty()
}

// key is what git sorts by.
func (f file) key() string {
	if f.dir() {
		return f.path + "/"
	}
	return f.path
}

// name is the last part of the path.
func (f file) name() string { return f.path[strings.LastIndexByte(f.path, '/')+1:] }

// languageBytes is how much of each language there is.
func (r *repository) languageBytes() map[string]int {
	if r.language == "" || r.empty() {
		return map[string]int{}
	}
	return map[string]int{r.language: r.size * 900, "Shell": r.size * 100}
}
