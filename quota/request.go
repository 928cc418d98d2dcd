package quota

import (
	"fmt"
	"strings"
)

// Target is what a user wants to do: an operation by name, or a request to a path
// with a method. The zero Target names nothing and draws on the application's
// default bucket. [Operation] and [Path] make the other two.
type Target struct {
	Operation string // exclusive of Path
	Path      string // of a URL, with Method
	Method    string // of HTTP
}

// Operation returns the Target of the operation name.
func Operation(name string) Target { return Target{Operation: name} }

// Path returns the Target of a request with method to path. The method may be in
// lower case.
func Path(method, path string) Target {
	return Target{Path: path, Method: strings.ToUpper(method)}
}

// String returns the operation, or method and path, or "the default bucket".
func (t Target) String() string {
	switch {
	case t.Operation != "":
		return t.Operation
	case t.Path != "":
		return t.Method + " " + t.Path
	}
	return "the default bucket"
}

// problem says what is wrong with t, "" if nothing is.
func (t Target) problem() string {
	switch {
	case t.Operation != "" && (t.Path != "" || t.Method != ""):
		return "both an operation and a path: name one"
	case t.Path != "" && t.Method == "":
		return "a path without a method"
	case t.Path == "" && t.Method != "":
		return "a method without a path"
	}
	return ""
}

// Request asks the service for tokens without the local buckets.
type Request struct {
	User   string // required
	Tokens int    // how many, all or none; at least 1
	Target
}

// Validate returns an error that matches [ErrInvalidRequest] and lists all that is
// wrong with r: no user, fewer than 1 token, an operation together with a path, a
// path without a method. A request with neither operation nor path is for the
// application's default bucket.
func (r Request) Validate() error {
	if r.User != "" && r.Tokens > 0 && r.problem() == "" {
		return nil
	}
	var problems []string
	if r.User == "" {
		problems = append(problems, "no user")
	}
	if r.Tokens < 1 {
		problems = append(problems, fmt.Sprintf("%d tokens: at least 1 is needed", r.Tokens))
	}
	if p := r.problem(); p != "" {
		problems = append(problems, p)
	}
	return fmt.Errorf("%w: %s", ErrInvalidRequest, strings.Join(problems, "; "))
}
