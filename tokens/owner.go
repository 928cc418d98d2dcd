package tokens

import (
	"fmt"
	"slices"
	"strings"
)

// cleanOwners returns the owners without what surrounds them in a text, or says
// which of them is none.
func (t Token) cleanOwners() ([]string, error) {
	owners := slices.Clone(t.Owners)
	for i, o := range owners {
		o = strings.Trim(strings.TrimSpace(o), "/")
		if o == "" {
			return nil, fmt.Errorf("owner %d of %d is empty: want for example %q", i+1, len(owners), "acme")
		}
		if checkLabel(o, t.Secret.Reveal()) != nil {
			return nil, fmt.Errorf("owner %d of %d looks like a token: owners are printed", i+1, len(owners))
		}
		owners[i] = o
	}
	return owners, nil
}

// foldOwner makes owners that differ in case alone the same.
func foldOwner(owner string) string { return strings.ToLower(owner) }

// sees reports whether the token may serve calls for an owner, which is folded.
// The empty owner stands for an unknown one.
func (e *entry) sees(owner string) bool {
	if owner == "" || len(e.owners) == 0 {
		return true
	}
	for _, o := range e.owners {
		if covers(o, owner) {
			return true
		}
	}
	return false
}

// covers reports whether a group is the owner or one of those that it is in.
func covers(group, owner string) bool {
	rest, ok := strings.CutPrefix(owner, group)
	return ok && (rest == "" || rest[0] == '/')
}

// nameOwners notes which owners a new token names.
func (h *Host) nameOwners(e *entry) {
	for _, o := range e.token.Owners {
		if o = foldOwner(o); !slices.Contains(e.owners, o) {
			e.owners = append(e.owners, o)
			h.view(o, e)
		}
	}
	if len(e.owners) > 0 {
		h.withOwners.Add(1)
		return
	}
	h.view("", e)
}

// unnameOwners forgets what a token named that goes.
func (h *Host) unnameOwners(e *entry) {
	for _, o := range e.owners {
		h.unview(o, e)
	}
	if len(e.owners) > 0 {
		h.withOwners.Add(-1)
	} else {
		h.unview("", e)
	}
	e.owners = nil
}

// namedOwner returns the longest group around an owner that a token names, or ""
// if none does. Owners with the same one are seen by the same tokens.
func (h *Host) namedOwner(owner string) string {
	if h.withOwners.Load() == 0 {
		return ""
	}
	owner = foldOwner(owner)
	for owner != "" && h.named[owner] == nil {
		owner = around(owner)
	}
	return owner
}

// around returns the group that an owner is in, or "".
func around(owner string) string { return owner[:max(0, strings.LastIndexByte(owner, '/'))] }
