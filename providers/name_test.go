package providers_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
)

func TestParseName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]providers.Name{
		"acme/web":                            {Owner: "acme", Name: "web"},
		"group/sub/deep/project":              {Owner: "group/sub/deep", Name: "project"},
		"a.b/.github":                         {Owner: "a.b", Name: ".github"},
		"acme/naïve":                          {Owner: "acme", Name: "naïve"},
		"acme/...":                            {Owner: "acme", Name: "..."},
		"https://gitlab.com/group/sub/proj":   {Owner: "group/sub", Name: "proj"},
		"git@github.com:acme/web.git":         {Owner: "acme", Name: "web"},
		"ssh://git@host.example:7999/a/b.git": {Owner: "a", Name: "b"},
	} {
		got, err := providers.ParseName(text)
		if err != nil || got != want {
			t.Errorf("ParseName(%q) = %+v, %v; want %+v", text, got, err, want)
		}
		if !strings.Contains(text, ":") && got.String() != text {
			t.Errorf("ParseName(%q) reads %q", text, got)
		}
	}
	for _, bad := range []string{
		"", "web", "/web", "acme/", "/", "//", "acme//web", "../web", "acme/..", "./web", "acme/.", "a/../b", "a b/c", "a/b c", "a/b?c", "a/b#c",
		"a/b%2e", `a\b/c`, "a/b\x00", "a/b\n", "a/\u00a0b", "https://github.com/acme", "https://", "git@github.com", "ftp://h/a/b", "https://h/a/../b",
	} {
		if got, err := providers.ParseName(bad); err == nil {
			t.Errorf("ParseName(%q) = %+v, want an error", bad, got)
		}
	}
}

func TestParseRemote(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]struct{ host, name string }{
		"https://github.com/acme/web":                             {"github.com", "acme/web"},
		"https://github.com/acme/web/":                            {"github.com", "acme/web"},
		"https://github.com/acme/web.git":                         {"github.com", "acme/web"},
		" https://github.com/acme/web/pull/7/files?w=1#x ":        {"github.com", "acme/web"},
		"https://github.com/acme/web.git/tree/main":               {"github.com", "acme/web"},
		"https://GitHub.com/acme/web/tree/feature/x":              {"GitHub.com", "acme/web"},
		"https://acme.ghe.com/acme/web/issues":                    {"acme.ghe.com", "acme/web"},
		"https://bitbucket.org/acme/web/src/main/README.md":       {"bitbucket.org", "acme/web"},
		"https://gitlab.com/group/sub/project":                    {"gitlab.com", "group/sub/project"},
		"https://gitlab.com/group/sub/project/-/merge_requests/3": {"gitlab.com", "group/sub/project"},
		"https://git.example.com:8443/group/project.git":          {"git.example.com:8443", "group/project"},
		"http://user:pw@git.example.com/a/b.git":                  {"git.example.com", "a/b"},
		"git@github.com:acme/web.git":                             {"github.com", "acme/web"},
		"git@gitlab.com:group/sub/project.git":                    {"gitlab.com", "group/sub/project"},
		"ssh://git@git.example.com:7999/acme/web.git":             {"git.example.com", "acme/web"},
		"git+ssh://git@github.com/acme/web":                       {"github.com", "acme/web"},
		"git://github.com/acme/web.git":                           {"github.com", "acme/web"},
		"https://github.com/acme/na%C3%AFve":                      {"github.com", "acme/naïve"},
	} {
		got, err := providers.ParseRemote(address)
		if err != nil || got.Host != want.host || got.Name.String() != want.name {
			t.Errorf("ParseRemote(%q) = %+v, %v; want %+v", address, got, err, want)
		}
	}
	for _, bad := range []string{
		"ssh://:/0/0", "https://:443/a/b",
		"", "acme/web", "https://github.com", "https://github.com/acme", "https:///acme/web", "file:///a/b", "ftp://h/a/b", "git@host", "git@:a/b",
		"https://github.com/../web", "https://github.com/acme/%2e%2e", "https://gitlab.com/-/a", "https://h/a//b", "a/b:c", "https://h/a/b%3fc",
	} {
		if got, err := providers.ParseRemote(bad); err == nil {
			t.Errorf("ParseRemote(%q) = %+v, want an error", bad, got)
		}
	}
}

// An address may have a password, which is a token more often than not.
func TestI1_the_error_of_an_address_is_without_its_password(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"https://user:hunter2@github.com/acme", "ftp://hunter2@h/a/b", "https://x:hunter2@h/a/../b", "https://hunter2@h", "hunter2@host", "https://hunter2@ho st/a/b",
		"ssh://u:hunter2@h", "a:hunter2@h:x", "x:hunter2@host/a b",
	} {
		_, err := providers.ParseRemote(address)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error is %v", err)
		}
		if !strings.Contains(address, ":") {
			continue // a name that is none, for all that is known
		}
		f := &fake{}
		if _, err := f.client().FetchRepository(t.Context(), address); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error of a client is %v", err)
		}
		if _, err := f.client().FetchReleases(t.Context(), address); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error of what is not supported is %v", err)
		}
	}
}

func FuzzParseName(f *testing.F) {
	for _, seed := range []string{"acme/web", "https://gitlab.com/a/b/c/-/issues", "git@h:a/b.git", "../..", "a/b%2f..", "https://u:p@h/a/b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := providers.ParseName(text)
		if err != nil {
			if n != (providers.Name{}) {
				t.Errorf("ParseName(%q) = %+v with an error", text, n)
			}
			return
		}
		for part := range strings.SplitSeq(n.String(), "/") {
			if part == "" || part == "." || part == ".." || strings.ContainsAny(part, "?#%\\ \n\x00") {
				t.Errorf("ParseName(%q) = %+v", text, n)
			}
		}
		// Escaped, it stays in its place.
		u, err := url.Parse("https://h/repos/" + url.PathEscape(n.Owner) + "/" + url.PathEscape(n.Name))
		if err != nil || strings.Count(u.EscapedPath(), "/") != 3 || u.JoinPath().EscapedPath() != u.EscapedPath() {
			t.Errorf("ParseName(%q) = %+v, which leads to %v", text, n, u)
		}
	})
}

func FuzzParseRemote(f *testing.F) {
	for _, seed := range []string{"https://gitlab.com/a/b/c/-/issues", "git@h:a/b.git", "ssh://git@h:7/a/b", "https://u:p@h/a/b?x#y", "ssh://:/0/0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := providers.ParseRemote(text)
		if err != nil {
			return
		}
		if r.Host == "" || r.Name.Owner == "" || r.Name.Name == "" || strings.Contains(r.Name.Name, "/") {
			t.Errorf("ParseRemote(%q) = %+v", text, r)
		}
		if again, err := providers.ParseName(r.Name.String()); err != nil || again != r.Name {
			t.Errorf("ParseRemote(%q) = %+v, which reads back as %+v, %v", text, r, again, err)
		}
	})
}

// A name that is none is refused before anything is asked, by every method.
func TestClient_refuses_names_before_it_asks(t *testing.T) {
	t.Parallel()
	f := &fake{}
	c := f.client()
	for name, call := range map[string]func(context.Context) error{
		"repository":    func(ctx context.Context) error { _, err := c.FetchRepository(ctx, "a/.."); return err },
		"branches":      func(ctx context.Context) error { _, err := c.FetchBranches(ctx, "a"); return err },
		"tags":          func(ctx context.Context) error { _, err := c.FetchTags(ctx, ""); return err },
		"commits":       func(ctx context.Context) error { _, err := c.FetchCommits(ctx, "a/b?c"); return err },
		"pulls":         func(ctx context.Context) error { _, err := c.FetchPullRequests(ctx, "../b"); return err },
		"issues":        func(ctx context.Context) error { _, err := c.FetchIssues(ctx, "a/b#c"); return err },
		"user":          func(ctx context.Context) error { _, err := c.FetchUser(ctx, ".."); return err },
		"no user":       func(ctx context.Context) error { _, err := c.FetchUser(ctx, ""); return err },
		"repositories":  func(ctx context.Context) error { _, err := c.FetchRepositories(ctx, "a/../b"); return err },
		"organization":  func(ctx context.Context) error { _, err := c.FetchOrganization(ctx, "a b"); return err },
		"organizations": func(ctx context.Context) error { _, err := c.FetchOrganizations(ctx, "a%2fb"); return err },
		"content":       func(ctx context.Context) error { _, err := c.FetchContent(ctx, "a/b", "../x"); return err },
		"no content":    func(ctx context.Context) error { _, err := c.FetchContent(ctx, "a/b", "/"); return err },
		"tree":          func(ctx context.Context) error { _, err := c.FetchTree(ctx, "a/b", "x//y"); return err },
	} {
		if err := call(t.Context()); !errors.Is(err, providers.ErrInvalid) {
			t.Errorf("%s: %v, want one that is %q", name, err, providers.ErrInvalid)
		}
	}
	if f.asked() != 0 {
		t.Errorf("the driver was asked %d times", f.asked())
	}
}

func TestClient_takes_slashes_off_the_ends_of_a_path(t *testing.T) {
	t.Parallel()
	c := (&fake{}).client()
	for path, want := range map[string]string{"/docs/x/": "docs/x", "": "", "/": "", "a b?#%": "a b?#%"} {
		got, err := c.FetchTree(t.Context(), "a/b", path)
		if err != nil || len(got) != 1 || got[0].Path != want {
			t.Errorf("the path %q is %+v, %v; want %q", path, got, err, want)
		}
	}
}
