package github

import (
	"context"
	"strings"
	"sync"

	"github.com/google/go-github/v66/github"
)

// kinds remembers which logins are organizations.
type kinds struct {
	mu    sync.Mutex
	known map[string]bool // by login in lower case
}

// maxKinds is how many logins are remembered. Beyond that all are forgotten,
// which costs a call for each that is asked for again.
const maxKinds = 1024

func (k *kinds) get(login string) (organization, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	organization, ok = k.known[strings.ToLower(login)]
	return organization, ok
}

func (k *kinds) put(login string, organization bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil || len(k.known) >= maxKinds {
		k.known = map[string]bool{}
	}
	k.known[strings.ToLower(login)] = organization
}

func (k *kinds) forget(login string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.known, strings.ToLower(login))
}

// IsPerson implements [providers.PersonDriver].
func (d *driver) IsPerson(ctx context.Context, login string) (bool, error) {
	organization, err := d.isOrganization(ctx, login)
	return !organization && err == nil, err
}

// isOrganization asks what a login stands for. The list of an organization's
// repositories as those of a user is without the private ones, and no error says
// so (GitHub Docs, "List repositories for a user").
func (d *driver) isOrganization(ctx context.Context, login string) (bool, error) {
	if organization, ok := d.kinds.get(login); ok {
		return organization, nil
	}
	u, _, err := fetch[github.User](ctx, d, join("users", login), false)
	if err != nil {
		return false, err
	}
	organization := u.GetType() == "Organization"
	d.kinds.put(login, organization)
	return organization, nil
}
