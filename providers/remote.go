package providers

import (
	"fmt"
	"net/url"
	"strings"
)

// Remote is a repository, and the host that has it, as an address names it.
type Remote struct {
	Host string // host and port, such as "gitlab.com"
	Name Name
}

// ParseRemote reads the address of a repository: of its page, as in
// "https://gitlab.com/group/sub/project" with whatever follows "/-/", or of its
// Git remote, as in "git@host:owner/name.git" and "ssh://git@host:7999/owner/name".
// GitHub's pages of a branch, a pull request and so on name their repository.
func ParseRemote(address string) (Remote, error) {
	host, path, err := splitRemote(strings.TrimSpace(address))
	if err != nil {
		return Remote{}, err
	}
	path, _, _ = strings.Cut(path, "/-/") // GitLab: what follows is a page of the project
	path = strings.TrimSuffix(strings.Trim(path, "/"), ".git")
	if h := strings.ToLower(host); h == "github.com" || h == "bitbucket.org" || strings.HasSuffix(h, ".ghe.com") {
		if parts := strings.SplitN(path, "/", 3); len(parts) == 3 {
			path = parts[0] + "/" + strings.TrimSuffix(parts[1], ".git")
		}
	}
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return Remote{}, fmt.Errorf("%q names no repository: want for example https://github.com/owner/name", shown(address))
	}
	if err := checkPath(path); err != nil {
		return Remote{}, fmt.Errorf("%q names no repository: %w", shown(address), err)
	}
	return Remote{Host: host, Name: Name{Owner: path[:i], Name: path[i+1:]}}, nil
}

func splitRemote(address string) (host, path string, err error) {
	if !strings.Contains(address, "://") {
		// The form of scp: user@host:path.
		before, path, ok := strings.Cut(address, ":")
		_, host, _ := strings.Cut(before, "@")
		if !ok || host == "" || strings.Contains(before, "/") {
			return "", "", fmt.Errorf("%q is no address: want for example https://github.com/owner/name", shown(address))
		}
		return host, path, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return "", "", fmt.Errorf("%q is no address: want for example https://github.com/owner/name", shown(address))
	}
	switch u.Scheme {
	case "https", "http":
		return u.Host, u.Path, nil
	case "ssh", "git", "git+ssh":
		return u.Hostname(), u.Path, nil // the port is not the API's
	}
	return "", "", fmt.Errorf("%q has the scheme %q: want https, ssh or git", shown(address), u.Scheme)
}

// shown returns an address without what may be a password in it.
func shown(address string) string {
	if scheme, rest, ok := strings.Cut(address, "://"); ok {
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			return scheme + "://" + rest[at+1:]
		}
		return address
	}
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		return address[at+1:]
	}
	return address
}

// shownName is shown for what may be a name or an address.
func shownName(s string) string {
	if strings.Contains(s, ":") {
		return shown(s)
	}
	return s
}
