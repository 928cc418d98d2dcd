package fleettest

import (
	"slices"
	"sync"
	"time"
)

// Issue is an issue that a client created.
type Issue struct {
	Repository string // "owner/name" at the time
	Number     int    // from 1 in each repository
	Account    string // login of its author
	Title      string
	Body       string
	Labels     []string
	Created    time.Time
}

// PullRequest is a pull request (at GitLab: a merge request) that a client
// created.
type PullRequest struct {
	Repository string // "owner/name" at the time
	Number     int    // after those that the repository had
	Account    string // login of its author
	Title      string
	Body       string
	Source     string // branch with the changes
	Target     string // branch they are for
	Created    time.Time
}

// ledger keeps what clients created.
type ledger[T any] struct {
	mu   sync.Mutex // guards what follows
	all  []T
	byID map[int64][]T // by repository
}

// add enters what entry makes of its number, which is first for the first of
// the repository.
func (l *ledger[T]) add(r *repository, first int, entry func(number int) T) T {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byID == nil {
		l.byID = make(map[int64][]T)
	}
	e := entry(first + len(l.byID[r.id]))
	l.byID[r.id] = append(l.byID[r.id], e)
	l.all = append(l.all, e)
	return e
}

// of returns what belongs to a repository.
func (l *ledger[T]) of(r *repository) []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.byID[r.id])
}

// list returns all, in order.
func (l *ledger[T]) list() []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}
