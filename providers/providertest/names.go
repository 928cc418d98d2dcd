package providertest

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
)

// Names that a host may have, and those that would leave their place in a URL.
var (
	goodNames = []string{"a.b/.github", "acme/naïve-ñandú", "acme/b+c", "acme/b@c", "acme/b:c&d=e", "acme/c++;v=1"}
	badNames  = []string{
		"", "acme", "/web", "acme/", "acme//web", "../web", "acme/..", "acme/../../user", "acme/./web", "acme/web/..",
		"acme/a?b", "acme/a#b", "acme/a%2fb", `acme\web`, `acme/a\b`, "acme/a b", "acme/a\nb", "acme/a\x00b",
	}
	goodPaths = []string{"docs/naïve file.md", "a?b/c#d.md", "a%2fb.md", "c++/x;y=1&z.md", ".github/.x"}
	badPaths  = []string{"..", "../x", "a/../../x", "a/./b", "a//b", "a/.."}
	goodRefs  = []string{"feature/x", "v1.0", "a b", "ñ#1?x&y=z", "a%2fb"}
	badLogins = []string{"..", "../user", "a/../b", "a?b", "a#b", "a%2fb", "a b", "a//b", "/a", "a/"}
)

// names checks that a name stays in its place, or is refused.
func (s suite) names(t *testing.T) {
	s.with(t, "of_repositories_that_may_be", few, func(t *testing.T, b *bench) {
		for _, name := range goodNames {
			b.inPlace(t, name, func(ctx context.Context) error {
				_, err := b.Client.FetchRepository(ctx, name)
				return err
			})
		}
	})
	s.with(t, "of_repositories_that_may_not_be", few, func(t *testing.T, b *bench) {
		for _, o := range operations {
			h := b.Harness
			if !o.has(h) || o.has(Harness{}) || !b.Client.Supports(o.op) {
				continue
			}
			if h.Repository = ""; o.has(h) {
				continue // it is not about a repository
			}
			for _, h.Repository = range badNames {
				b.refused(t, string(o.op)+" of "+h.Repository, func(ctx context.Context) error {
					_, err := o.run(ctx, h)
					return err
				})
			}
		}
	})
	s.with(t, "of_users_that_may_not_be", few, func(t *testing.T, b *bench) {
		for _, login := range badLogins {
			for _, call := range []func(context.Context) error{
				func(ctx context.Context) error { _, err := b.Client.FetchUser(ctx, login); return err },
				func(ctx context.Context) error { _, err := b.Client.FetchOrganization(ctx, login); return err },
				func(ctx context.Context) error { _, err := b.Client.FetchRepositories(ctx, login); return err },
				func(ctx context.Context) error { _, err := b.Client.FetchOrganizations(ctx, login); return err },
			} {
				b.refused(t, login, call)
			}
		}
	})
	s.with(t, "of_files_that_may_be", few, func(t *testing.T, b *bench) {
		b.needsRepository(t)
		for _, path := range goodPaths {
			b.inPlace(t, path, func(ctx context.Context) error {
				_, err := b.Client.FetchContent(ctx, b.Repository, path)
				return err
			})
		}
	})
	s.with(t, "of_files_that_may_not_be", few, func(t *testing.T, b *bench) {
		b.needsRepository(t)
		for _, path := range badPaths {
			b.refused(t, path, func(ctx context.Context) error {
				_, err := b.Client.FetchContent(ctx, b.Repository, path)
				return err
			})
			b.refused(t, path, func(ctx context.Context) error {
				_, err := b.Client.FetchTree(ctx, b.Repository, path)
				return err
			})
		}
	})
	s.with(t, "of_branches", few, func(t *testing.T, b *bench) {
		b.needsRepository(t)
		for _, ref := range goodRefs {
			b.inPlace(t, ref, func(ctx context.Context) error {
				_, err := b.Client.FetchCommits(ctx, b.Repository, providers.Ref(ref))
				return err
			})
		}
	})
}

func (b *bench) needsRepository(t *testing.T) {
	if b.Repository == "" {
		t.Skip("the harness names no repository")
	}
}

// inPlace calls something about a name that the host does not have, and checks
// that the name arrived whole. What the host says of it does not matter.
func (b *bench) inPlace(t *testing.T, name string, call func(context.Context) error) {
	t.Helper()
	b.wire.begin(nil)
	_ = call(t.Context())
	asked := b.wire.asked()
	if len(asked) == 0 {
		t.Errorf("%q: nothing was sent", name)
		return
	}
	for _, r := range asked {
		path, err := url.PathUnescape(r.URL.EscapedPath())
		if err != nil || r.URL.Fragment != "" || !strings.HasPrefix(r.URL.String(), originOf(b.Client.Host())) {
			t.Errorf("%q: %s was asked", name, r.URL)
		}
		if strings.Contains(path, name) {
			return
		}
		for _, values := range r.URL.Query() {
			if len(values) == 1 && values[0] == name {
				return
			}
		}
	}
	t.Errorf("%q: it did not arrive whole: %s", name, asked[0].URL)
}

// refused calls something with a name that is none, and checks that nothing was
// sent.
func (b *bench) refused(t *testing.T, what string, call func(context.Context) error) {
	t.Helper()
	b.wire.begin(nil)
	err := call(t.Context())
	if asked := b.wire.asked(); len(asked) > 0 {
		t.Errorf("%q: %s was asked", what, asked[0].URL)
	}
	if err == nil {
		t.Errorf("%q: there is no error", what)
		return
	}
	wantKind(t, err, providers.ErrInvalid, nil)
}

// originOf returns scheme and host of a URL.
func originOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	return u.Scheme + "://" + u.Host
}
