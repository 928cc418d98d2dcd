package providers_test

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
)

// fake is a driver of repositories, or whatever a test says. It remembers what
// it is asked for.
type fake struct {
	mu        sync.Mutex
	queries   []providers.Query
	positions []providers.Position
	owners    []providers.Owner
	running   int
	most      int // pages asked for at a time

	page    func(ctx context.Context, at providers.Position) (providers.Page[providers.Repository], error)
	commits func(context.Context, providers.Query) (providers.Page[providers.Commit], error)
	issues  func(context.Context) (providers.Page[providers.Issue], error)
	failure error // of what is none of these
}

const fakeHost = "https://git.example.com"

func (f *fake) client() *providers.Client { return providers.NewClient(f, nil) }

func (f *fake) note(q providers.Query, at providers.Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queries, f.positions = append(f.queries, q), append(f.positions, at)
}

// asked is how many pages were asked for.
func (f *fake) asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.positions)
}

func (f *fake) Info() providers.Info {
	return providers.Info{Provider: tokens.GitHub, Host: fakeHost, PageSize: 100}
}

func (f *fake) As(target any) bool {
	to, ok := target.(**fake)
	if ok {
		*to = f
	}
	return ok
}

func (f *fake) Repositories(ctx context.Context, o providers.Owner, q providers.Query, at providers.Position) (providers.Page[providers.Repository], error) {
	f.note(q, at)
	f.mu.Lock()
	f.owners = append(f.owners, o)
	f.running++
	f.most = max(f.most, f.running)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.running--
	}()
	if f.page == nil {
		return providers.Page[providers.Repository]{}, f.failure
	}
	return f.page(ctx, at)
}

func (f *fake) Commits(ctx context.Context, _ providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Commit], error) {
	f.note(q, at)
	if f.commits == nil {
		return providers.Page[providers.Commit]{}, f.failure
	}
	return f.commits(ctx, q)
}

func (f *fake) Issues(ctx context.Context, _ providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Issue], error) {
	f.note(q, at)
	if f.issues == nil {
		return providers.Page[providers.Issue]{}, f.failure
	}
	return f.issues(ctx)
}

func (f *fake) Repository(_ context.Context, n providers.Name, q providers.Query) (providers.Repository, error) {
	f.note(q, providers.Position{})
	return providers.Repository{Name: n.Name, FullName: n.String()}, f.failure
}

func (f *fake) User(_ context.Context, login string, q providers.Query) (providers.User, error) {
	f.note(q, providers.Position{})
	return providers.User{Login: login}, f.failure
}

func (f *fake) Organizations(_ context.Context, _ string, q providers.Query, at providers.Position) (providers.Page[providers.Organization], error) {
	f.note(q, at)
	return providers.Page[providers.Organization]{}, f.failure
}

func (f *fake) Organization(_ context.Context, login string, q providers.Query) (providers.Organization, error) {
	f.note(q, providers.Position{})
	return providers.Organization{Login: login}, f.failure
}

func (f *fake) Branches(_ context.Context, _ providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Branch], error) {
	f.note(q, at)
	return providers.Page[providers.Branch]{}, f.failure
}

func (f *fake) Tags(_ context.Context, _ providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Tag], error) {
	f.note(q, at)
	return providers.Page[providers.Tag]{}, f.failure
}

func (f *fake) PullRequests(_ context.Context, _ providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.PullRequest], error) {
	f.note(q, at)
	return providers.Page[providers.PullRequest]{}, f.failure
}

func (f *fake) Content(_ context.Context, _ providers.Name, path string, q providers.Query) (providers.Content, error) {
	f.note(q, providers.Position{})
	return providers.Content{Path: path}, f.failure
}

func (f *fake) Tree(_ context.Context, _ providers.Name, path string, q providers.Query, at providers.Position) (providers.Page[providers.TreeEntry], error) {
	f.note(q, at)
	return providers.Page[providers.TreeEntry]{Items: []providers.TreeEntry{{Path: path}}}, f.failure
}

func (f *fake) Call(_ context.Context, c providers.Call) (providers.Answer, error) {
	f.note(providers.Query{}, providers.Position{Next: c.Path})
	return providers.Answer{}, f.failure
}

// pagesOf makes pages of so many items each, with ids counted from 1. Told says
// that the number of the last page is known.
func pagesOf(size, pages int, told bool) func(context.Context, providers.Position) (providers.Page[providers.Repository], error) {
	return func(_ context.Context, at providers.Position) (providers.Page[providers.Repository], error) {
		n := number(at)
		p := providers.Page[providers.Repository]{Items: repositories((n-1)*size+1, n*size)}
		if n < pages {
			p.Next = fmt.Sprint("page ", n+1)
			if told {
				p.Last = pages
			}
		}
		return p, nil
	}
}

// number is that of the page at a position.
func number(at providers.Position) int {
	n := 1
	if at.Next != "" {
		if _, err := fmt.Sscanf(at.Next, "page %d", &n); err != nil {
			panic(err)
		}
	}
	if at.Page != 0 {
		n = at.Page
	}
	return n
}

func repositories(from, to int) []providers.Repository {
	rs := []providers.Repository{}
	for id := from; id <= to; id++ {
		rs = append(rs, providers.Repository{ID: fmt.Sprint(id)})
	}
	return rs
}

func ids(rs []providers.Repository) (all []string) {
	for _, r := range rs {
		all = append(all, r.ID)
	}
	return all
}

// counted are the ids from 1 to n.
func counted(n int) []string { return ids(repositories(1, n)) }

func equal(got []providers.Repository, want []string) bool { return slices.Equal(ids(got), want) }
