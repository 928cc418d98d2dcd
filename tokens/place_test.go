package tokens_test

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

func at(p tokens.ProviderType, host string) tokens.Token {
	return tokens.Token{Provider: p, Host: host, Label: "at", Secret: tokens.Static(canary.Token("at"))}
}

func TestI2_A_credential_goes_to_its_own_host_only(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		provider tokens.ProviderType
		base     string
		yes, no  []string
	}{
		{
			tokens.GitHub, "",
			[]string{
				"https://api.github.com", "https://api.github.com/user", "https://API.GitHub.com/user", "https://api.github.com:443/user",
				"https://api.github.com:/user", "https://uploads.github.com/repos/a/b/releases/1/assets?name=x",
				"https://api.github.com/repos/a/b/../../../user", "https://user:pw@api.github.com/user",
			},
			[]string{
				"http://api.github.com/user", "https://api.github.com:8443/user", "https://api.github.com:80/user", "https://github.com/user",
				"https://evil-github.com/user", "https://evil-api.github.com/", "https://api.github.com.evil.com/user", "https://github.com.evil",
				"https://api.github.com./user", "https://api.github.com@evil.com/user", "https://api.github.com:443@evil.com/", "https://raw.githubusercontent.com/a",
				"https://codeload.github.com/a", "https://objects.githubusercontent.com/", "https://xapi.github.com/", "https://api.github.co/",
				"ftp://api.github.com/", "//api.github.com/user", "/user", "https:///user", "https:api.github.com/user", "https://api.github.com%2eevil.com/",
				"https://api.githu\u212a.com/", "https://evil.com/https://api.github.com/", "https://evil.com#api.github.com", "https://api.ghe.com/",
			},
		},
		{
			tokens.GitHub, "https://octocorp.ghe.com",
			[]string{"https://api.octocorp.ghe.com/user", "https://uploads.octocorp.ghe.com/x"},
			[]string{
				"https://octocorp.ghe.com/api/v3", "https://api.github.com/", "https://api.ghe.com/", "https://api.other.ghe.com/",
				"https://api.a.octocorp.ghe.com/", "https://api.octocorp.ghe.com.evil.com/", "http://api.octocorp.ghe.com/",
			},
		},
		{
			tokens.GitHub, "https://ghe.example.com/api/v3/",
			[]string{"https://ghe.example.com/api/v3/user", "https://ghe.example.com/api/graphql", "https://ghe.example.com/api/uploads/x"},
			[]string{
				"https://ghe.example.com/", "https://ghe.example.com/a/b", "https://ghe.example.com/apix", "https://ghe.example.com/api",
				"https://ghe.example.com/api/../a/b/raw", "https://ghe.example.com/api/%2e%2e/a", "https://ghe.example.com/api/..%2fa",
				"https://ghe.example.com/API/v3", "https://api.ghe.example.com/api/v3", "http://ghe.example.com/api/v3", "https://api.github.com/",
			},
		},
		{
			tokens.GitLab, "https://git.example.com/gitlab",
			[]string{
				"https://git.example.com/gitlab/api/v4/user", "https://git.example.com/gitlab/api/graphql",
				"https://git.example.com/gitlab/api/v4/projects/a%2Fb", "https://git.example.com/gitlab/api/v4/x/../y", "https://git.example.com/gitlab/api/v4/.hidden",
			},
			[]string{
				"https://git.example.com/gitlab/apix/v4", "https://git.example.com/gitlab/api", "https://git.example.com/gitlab/api/../../x",
				"https://git.example.com/gitlab/api/%2e%2e/%2E%2e/x", "https://git.example.com/gitlab/api/..%2f..%2fx", "https://git.example.com/gitlab/api/..",
				"https://git.example.com/gitlab/api/v4/../..", "https://git.example.com/api/v4", "https://git.example.com/x/gitlab/api/v4",
				"https://git.example.com/gitlab-evil/api/v4", "https://gitlab.com/api/v4/user",
			},
		},
		{
			tokens.GitLab, "",
			[]string{"https://gitlab.com/api/v4/user", "https://gitlab.com/api/graphql"},
			[]string{"https://gitlab.com/a/b", "https://evil-gitlab.com/api/v4/user", "https://about.gitlab.com/api/v4/", "http://gitlab.com/api/v4/user"},
		},
		{
			tokens.GitLab, "http://localhost:8080",
			[]string{"http://localhost:8080/api/v4/user"},
			[]string{"https://localhost:8080/api/v4/user", "http://localhost/api/v4/user", "http://localhost:80/api/v4"},
		},
		{
			tokens.GitLab, "http://[::1]:80",
			[]string{"http://[::1]/api/v4/user", "http://[::1]:80/api/v4/user"},
			[]string{"http://[::1]:8/api/v4/user", "http://[::2]/api/v4"},
		},
		{
			tokens.Bitbucket, "",
			[]string{"https://api.bitbucket.org/2.0/user"},
			[]string{"https://bitbucket.org/a/b", "https://evil-api.bitbucket.org/", "https://api.bitbucket.org.evil.com/", "https://api.bitbuc\u212aet.org/2.0/user"},
		},
		{
			tokens.Bitbucket, "https://git.example.com/bb",
			[]string{"https://git.example.com/bb/rest/api/1.0/projects"},
			[]string{"https://git.example.com/rest/api/1.0/projects", "https://git.example.com/bb/projects", "https://api.bitbucket.org/2.0/user", "https://git.example.com/bb/2.0/user"},
		},
		{
			tokens.Bitbucket, "https://proxy.example.com/bb/2.0",
			[]string{"https://proxy.example.com/bb/2.0/user"},
			[]string{"https://proxy.example.com/2.0/user", "https://proxy.example.com/bb/rest/api/1.0/projects", "https://api.bitbucket.org/2.0/user"},
		},
	} {
		m := manager(t, tokens.Config{}, at(tt.provider, tt.base))
		for _, raw := range tt.yes {
			u := mustParse(t, raw)
			h, ok := m.Host(tt.provider, u)
			if !ok || !m.Covers(u) || !h.Contains(u) {
				t.Errorf("%s %q: a token should go to %s", tt.provider, tt.base, raw)
			}
		}
		for _, raw := range tt.no {
			u, err := url.Parse(raw)
			if err != nil {
				continue // net/http could not send it either
			}
			if h, ok := m.Host(tt.provider, u); ok || m.Covers(u) {
				// The public clouds are known without tokens, and then none goes there.
				if !ok || exhausted(t, h, on("core")).Tokens != 0 {
					t.Errorf("%s %q: a token must not go to %s", tt.provider, tt.base, raw)
				}
			}
		}
		for _, other := range []tokens.ProviderType{tokens.GitHub, tokens.GitLab, tokens.Bitbucket} {
			if _, ok := m.Host(other, mustParse(t, tt.yes[0])); ok && other != tt.provider {
				t.Errorf("a token of %s goes out for %s", tt.provider, other)
			}
		}
	}
}

// What is sent is the opaque part, whatever the other fields say.
func TestI2_A_URL_with_an_opaque_part_belongs_to_no_host(t *testing.T) {
	t.Parallel()
	m := manager(t, tokens.Config{}, gitHub("a", ""))
	u := &url.URL{Scheme: "https", Host: "api.github.com", Path: "/user", Opaque: "//evil.com/user"}
	if m.Covers(u) {
		t.Error("a token must not go out with it")
	}
}

func TestPlace_many_spellings_name_one_host(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		provider tokens.ProviderType
		want     string
		dialect  ratelimit.Dialect
		bases    []string
	}{
		{tokens.GitHub, "https://api.github.com", ratelimit.GitHub, []string{
			"", "github.com", "https://github.com", "https://github.com/", "https://api.github.com", "API.GitHub.com:443", "https://uploads.github.com/",
			"https://github.com:", "github.com?",
		}},
		{tokens.GitHub, "https://api.octocorp.ghe.com", ratelimit.GitHub, []string{"octocorp.ghe.com", "https://api.octocorp.ghe.com/", "https://OCTOCORP.ghe.com"}},
		{tokens.GitHub, "https://a.octocorp.ghe.com", ratelimit.GitHubEnterprise, []string{"https://a.octocorp.ghe.com"}},
		{tokens.GitHub, "https://ghe.example.com", ratelimit.GitHubEnterprise, []string{
			"ghe.example.com", "https://ghe.example.com/", "https://ghe.example.com:443/api/v3", "https://ghe.example.com/api/v3/", "https://ghe.example.com/api/graphql",
			"https://ghe.example.com/api", "https://ghe.example.com/?",
		}},
		{tokens.GitLab, "https://gitlab.com", ratelimit.GitLab, []string{"", "gitlab.com", "https://gitlab.com/api/v4", "https://gitlab.com/api/v4/"}},
		{tokens.GitLab, "https://git.example.com/gitlab", ratelimit.GitLab, []string{
			"git.example.com/gitlab", "https://git.example.com/gitlab/", "https://git.example.com/gitlab/api/v4", "https://git.example.com//gitlab/./x/..",
		}},
		{tokens.GitLab, "http://git.example.com", ratelimit.GitLab, []string{"http://git.example.com", "http://git.example.com:80/"}},
		{tokens.GitLab, "https://git.example.com/a%20b", ratelimit.GitLab, []string{"https://git.example.com/a%20b", "https://git.example.com/a b"}},
		{tokens.Bitbucket, "https://api.bitbucket.org", ratelimit.BitbucketCloud, []string{"", "bitbucket.org", "https://api.bitbucket.org/2.0"}},
		{tokens.Bitbucket, "https://proxy.example.com/2.0", ratelimit.BitbucketCloud, []string{"proxy.example.com/2.0/", "https://PROXY.example.com:443/2.0"}},
		{tokens.Bitbucket, "https://git.example.com", ratelimit.BitbucketDataCenter, []string{
			"git.example.com", "https://git.example.com/rest/api/1.0", "https://git.example.com/rest", "https://git.example.com/rest/api/latest",
		}},
	} {
		for _, base := range tt.bases {
			m := manager(t, tokens.Config{}, at(tt.provider, tt.want), at(tt.provider, base))
			all := m.AllTokens("")
			if len(all) != 1 {
				t.Errorf("%s %q is another place than %q", tt.provider, base, tt.want)
			}
			if got := all[len(all)-1].Host; got != tt.want {
				t.Errorf("%s %q is the host %q, want %q", tt.provider, base, got, tt.want)
			}
		}
		m := manager(t, tokens.Config{}, at(tt.provider, tt.want))
		u := mustParse(t, tt.want+"/api/x")
		if tt.dialect == ratelimit.BitbucketDataCenter {
			u = mustParse(t, tt.want+"/rest/x")
		}
		if strings.HasSuffix(tt.want, "/2.0") {
			u = mustParse(t, tt.want+"/x")
		}
		h, ok := m.Host(tt.provider, u)
		if !ok {
			t.Fatalf("no host for %s", u)
		}
		if h.Dialect() != tt.dialect || h.URL() != tt.want || h.String() != tt.want || h.Provider() != tt.provider {
			t.Errorf("host of %q is %s %s %s, want %s %s %s", tt.want, h.Provider(), h.URL(), h.Dialect(), tt.provider, tt.want, tt.dialect)
		}
	}
}

func TestPlace_refuses_what_is_no_base(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ base, want string }{
		{"https://", "host is empty"},
		{"https:///api/v4", "host is empty"},
		{"https://:443", "host is empty"},
		{"ssh://git@git.example.com", "must not hold a user"},
		{"ssh://git.example.com", `host has scheme "ssh": want https`},
		{"git@github.com:octocat/hello.git", "host is not a URL"},
		{"https://git.example.com:port", "host is not a URL"},
		{"https://git.example.com?a=b", "must not hold a user, query or fragment"},
		{"https://git.example.com#a", "must not hold a user, query or fragment"},
		{"https://user@git.example.com", "must not hold a user"},
		{"https://git.exa mple.com", "host is not a URL"},
		{"http://gitlab.com", "is reached by https only: want https://gitlab.com"},
		{"http://api.github.com", "is reached by https only"},
		{"http://acme.ghe.com", "is reached by https only"},
		{"http://bitbucket.org/a", "is reached by https only"},
	} {
		_, err := tokens.NewManager(tokens.Config{}, at(tokens.GitLab, tt.base))
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), `token "at"`) {
			t.Errorf("%q: error is %v, want it to say %q and to name the token", tt.base, err, tt.want)
		}
	}
}

func TestParseProviderType_accepts_exactly_the_three(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"github", "gitlab", "bitbucket"} {
		if p, err := tokens.ParseProviderType(s); err != nil || string(p) != s {
			t.Errorf("ParseProviderType(%q) = %q, %v", s, p, err)
		}
	}
	for _, s := range []string{"", "GitHub", " github", "gitea"} {
		if _, err := tokens.ParseProviderType(s); err == nil || !strings.Contains(err.Error(), "want one of github, gitlab, bitbucket") {
			t.Errorf("ParseProviderType(%q): error is %v, want one that lists them", s, err)
		}
	}
}

func FuzzPlace_contains(f *testing.F) {
	for _, base := range []string{"", "https://github.com", "git.example.com/gitlab", "http://[::1]:80", "https://a.ghe.com", "https://x/a%2fb", "https://K", "x:443/api"} {
		for _, u := range []string{"https://api.github.com/x", "https://git.example.com/gitlab/api/../x", "http://[::1]/api/%2e%2e/x", "https://x:443/api/", "https://k/api/v4/"} {
			f.Add(base, u)
		}
	}
	f.Fuzz(func(t *testing.T, base, raw string) {
		u, err := url.Parse(raw)
		if err != nil {
			t.Skip()
		}
		for _, p := range []tokens.ProviderType{tokens.GitHub, tokens.GitLab, tokens.Bitbucket} {
			m, err := tokens.NewManager(tokens.Config{}, at(p, base))
			if err != nil {
				continue
			}
			h, ok := m.Host(p, u)
			if !ok {
				continue
			}
			own, err := url.Parse(h.URL())
			if err != nil {
				t.Fatalf("the canonical base %q is no URL: %v", h.URL(), err)
			}
			hosts := []string{fold(own)}
			prefix := strings.TrimSuffix(own.Path, "/") + "/api/"
			switch h.Dialect() {
			case ratelimit.GitHub:
				hosts = append(hosts, "uploads."+strings.TrimPrefix(hosts[0], "api."))
				prefix = "/"
			case ratelimit.BitbucketCloud:
				prefix = "/"
			case ratelimit.BitbucketDataCenter:
				prefix = strings.TrimSuffix(own.Path, "/") + "/rest/"
			}
			if got := fold(u); u.Scheme != own.Scheme || got != hosts[0] && got != hosts[len(hosts)-1] {
				t.Fatalf("base %q contains %q of another origin", base, raw)
			}
			if clean := path.Clean("/"+u.Path) + "/"; !strings.HasPrefix(clean, prefix) {
				t.Fatalf("base %q contains %q outside of %q", base, raw, prefix)
			}
		}
	})
}

// fold returns the host in lower case, ASCII only, without the default port.
func fold(u *url.URL) string {
	host := strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, u.Hostname())
	port := u.Port()
	if port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		return host
	}
	return host + ":" + port
}
