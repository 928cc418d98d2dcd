package providers

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Name names a repository.
type Name struct {
	Owner string // user, organization or workspace; at GitLab a path of groups such as "a/b"
	Name  string // the last part
}

// String returns "owner/name".
func (n Name) String() string { return n.Owner + "/" + n.Name }

// Owner says whose repositories are meant.
type Owner struct {
	// Login is a user, an organization, a workspace or a path of groups.
	Login string

	// Self is set if the token that is used is this owner's own, so that private
	// repositories are wanted, too. Login is empty then if it is not known.
	Self bool
}

// ParseName reads "owner/name", "group/subgroup/name" or an address of a
// repository as [ParseRemote] takes it. Names that would leave their place in a
// URL, such as "..", are refused.
func ParseName(s string) (Name, error) {
	if strings.Contains(s, "://") || strings.HasPrefix(s, "git@") {
		r, err := ParseRemote(s)
		return r.Name, err
	}
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return Name{}, fmt.Errorf("%q is not a repository: want owner/name", shownName(s))
	}
	n := Name{Owner: s[:i], Name: s[i+1:]}
	if err := checkPath(s); err != nil {
		return Name{}, fmt.Errorf("%q is not a repository: %w", shownName(s), err)
	}
	return n, nil
}

// checkPath refuses what is no path of names.
func checkPath(s string) error {
	for part := range strings.SplitSeq(s, "/") {
		switch {
		case part == "":
			return errors.New("a part of the path is empty")
		case part == "." || part == "..":
			return fmt.Errorf("%q is no name", part)
		case strings.ContainsFunc(part, func(r rune) bool {
			return unicode.IsControl(r) || unicode.IsSpace(r) || strings.ContainsRune(`?#\%`, r)
		}):
			return fmt.Errorf("%q has a character that no name has", part)
		}
	}
	return nil
}
