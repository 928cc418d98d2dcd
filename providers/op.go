package providers

// Op is an operation of a [Client], as errors and [Client.Supports] name it. It
// prints as words, such as "fetch pull requests".
type Op string

// The operations.
const (
	OpRepositories  Op = "fetch repositories"
	OpRepository    Op = "fetch repository"
	OpUser          Op = "fetch user"
	OpCurrentUser   Op = "fetch current user"
	OpOrganizations Op = "fetch organizations"
	OpOrganization  Op = "fetch organization"
	OpBranches      Op = "fetch branches"
	OpTags          Op = "fetch tags"
	OpCommits       Op = "fetch commits"
	OpContributors  Op = "fetch contributors"
	OpPullRequests  Op = "fetch pull requests"
	OpIssues        Op = "fetch issues"
	OpReleases      Op = "fetch releases"
	OpContent       Op = "fetch content"
	OpTree          Op = "fetch tree"
	OpLanguages     Op = "fetch languages"
	OpRateLimits    Op = "fetch rate limits"
	OpValidate      Op = "validate credentials"
	OpCall          Op = "call"
	OpGraphQL       Op = "query graphql"
)

// Supports reports whether the host has an operation at all. It asks nobody;
// whether a token may use the operation, only the host can tell.
func (c *Client) Supports(op Op) bool {
	var ok bool
	switch op {
	case OpContributors:
		_, ok = c.driver.(ContributorDriver)
	case OpIssues:
		_, ok = c.driver.(IssueDriver)
	case OpReleases:
		_, ok = c.driver.(ReleaseDriver)
	case OpLanguages:
		_, ok = c.driver.(LanguageDriver)
	case OpGraphQL:
		_, ok = c.driver.(GraphQLDriver)
	case OpRepositories, OpRepository, OpUser, OpCurrentUser, OpOrganizations, OpOrganization,
		OpBranches, OpTags, OpCommits, OpPullRequests, OpContent, OpTree, OpCall:
		return true
	case OpRateLimits, OpValidate:
		return c.manager != nil
	}
	return ok
}
