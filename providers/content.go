package providers

// Content is a file.
type Content struct {
	Origin

	Path      string `json:"path"`
	SHA       string `json:"sha,omitempty"` // of the blob; Bitbucket does not tell
	SizeBytes int64  `json:"size_bytes"`
	Data      []byte `json:"data"` // all of it, decoded
	WebURL    string `json:"web_url,omitempty"`
}

// TreeEntry is a file, or something else, in a directory.
type TreeEntry struct {
	Origin

	Path      string    `json:"path"` // from the root of the repository
	Kind      EntryKind `json:"kind"`
	SHA       string    `json:"sha,omitempty"`
	SizeBytes *int64    `json:"size_bytes,omitempty"`
}

// EntryKind is what stands in a directory.
type EntryKind string

// The kinds of entry.
const (
	File      EntryKind = "file"
	Directory EntryKind = "directory"
	Symlink   EntryKind = "symlink"
	Submodule EntryKind = "submodule"
)
