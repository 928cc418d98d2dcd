package tokens

import (
	"slices"
	"strings"
	"time"
)

// Kind is what sort of credential a token is. The zero Kind is unknown. Kinds are
// told by the token's prefix, by how it is sent and by what the host answers
// (GitHub Docs, "About authentication to GitHub"; GitLab docs, "GitLab token
// overview"; Atlassian Support, "Access tokens" and "API tokens").
type Kind string

// The kinds.
const (
	KindClassic      Kind = "classic personal access token"      // GitHub
	KindFineGrained  Kind = "fine-grained personal access token" // GitHub
	KindAppUser      Kind = "app user token"                     // a user's, of a GitHub App
	KindInstallation Kind = "installation token"                 // of a GitHub App
	KindOAuth        Kind = "oauth token"
	KindPersonal     Kind = "personal access token" // GitLab
	KindProject      Kind = "project access token"  // GitLab
	KindGroup        Kind = "group access token"    // GitLab
	KindJob          Kind = "job token"             // GitLab
	KindAPIToken     Kind = "api token"             // Bitbucket Cloud
	KindAppPassword  Kind = "app password"          // Bitbucket Cloud
	KindAccessToken  Kind = "access token"          // Bitbucket: of a repository, project or workspace; Data Center: HTTP access token
)

// kindPrefixes tell the kind of tokens that have one.
var kindPrefixes = []struct {
	provider ProviderType
	prefix   string
	kind     Kind
}{
	{GitHub, "ghp_", KindClassic},
	{GitHub, "github_pat_", KindFineGrained},
	{GitHub, "gho_", KindOAuth},
	{GitHub, "ghu_", KindAppUser},
	{GitHub, "ghs_", KindInstallation},
	{GitLab, "glpat-", KindPersonal},
	{GitLab, "glcbt-", KindJob},
	{Bitbucket, "ATATT3", KindAPIToken},
	{Bitbucket, "ATBB", KindAppPassword},
	{Bitbucket, "ATCTT3", KindAccessToken},
}

func kindOf(p ProviderType, secret string, s Scheme) Kind {
	for _, k := range kindPrefixes {
		if k.provider == p && strings.HasPrefix(secret, k.prefix) {
			return k.kind
		}
	}
	switch s {
	case PrivateToken:
		return KindPersonal
	case JobToken:
		return KindJob
	}
	return ""
}

// Identity is what a host said of a token when [Manager.Identify] asked. The zero
// Identity is unknown; so is each of its fields.
type Identity struct {
	// Login is the name of the user whose token it is, or of the bot that it acts
	// as, such as "octocat" or "my-app[bot]".
	Login string `json:"login,omitzero"`

	// AccountID is the host's own and lasting identifier of that user or bot.
	AccountID string `json:"account_id,omitzero"`

	// Owner is the user or organization that a GitHub App is installed on, for an
	// installation token.
	Owner string `json:"owner,omitzero"`

	Kind Kind `json:"kind,omitzero"`

	// Scopes are what the token may do, in the host's words. Nil means that the
	// host does not say, as GitHub for a fine-grained token.
	Scopes []string `json:"scopes"`

	// At is when the host said so. Zero means never.
	At time.Time `json:"at"`
}

func (i Identity) clone() Identity {
	i.Scopes = slices.Clone(i.Scopes)
	return i
}

// account is the name of whom the host counts.
func (i Identity) account() string {
	if i.Owner != "" {
		return i.Owner + "/" + i.Login
	}
	return i.Login
}

// sighting is an [Identity] with what follows from it.
type sighting struct {
	Identity
	counted string    // names whom the host counts; empty if that is not known
	ends    time.Time // by the host's clock; zero means unknown or never
}

// countedAs says that the host counts the user with this ID.
func (s *sighting) countedAs(id string) {
	if id != "" {
		s.counted = "user " + id
	}
}

// splitScopes reads a list such as "repo, read:org".
func splitScopes(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
