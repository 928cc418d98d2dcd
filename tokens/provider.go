package tokens

import (
	"fmt"
	"strings"
)

// ProviderType names a kind of Git host, one of the constants below, or a service
// of the user's own, see [Manager.Service]. The zero ProviderType is none.
type ProviderType string

// The Git hosts that GitFleet knows.
const (
	GitHub    ProviderType = "github"    // github.com, ghe.com and Enterprise Server
	GitLab    ProviderType = "gitlab"    // gitlab.com and self-managed GitLab
	Bitbucket ProviderType = "bitbucket" // Bitbucket Cloud and Data Center
)

// ParseProviderType returns the provider that s names. It accepts exactly
// "github", "gitlab" and "bitbucket"; anything else is an error that lists them.
func ParseProviderType(s string) (ProviderType, error) {
	switch p := ProviderType(s); p {
	case GitHub, GitLab, Bitbucket:
		return p, nil
	}
	names := []string{string(GitHub), string(GitLab), string(Bitbucket)}
	return "", fmt.Errorf("gitfleet: unknown provider %q: want one of %s", s, strings.Join(names, ", "))
}
