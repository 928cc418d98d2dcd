package ratelimit

import (
	"net/http"
	"net/url"
	"strconv"
)

// Dialect is the way one kind of host speaks of its limits. Its methods are
// pure functions: they keep no state, never panic, whatever a host sends, and
// are safe for concurrent use. The zero Dialect is [Generic].
type Dialect uint8

// The dialects. A host that is not listed is read as [Generic].
const (
	// Generic reads X-RateLimit-*, RateLimit-*, the IETF drafts' fields and
	// Retry-After from any host, for example Gitea or Forgejo behind a proxy.
	Generic Dialect = iota
	// GitHub is github.com and ghe.com.
	GitHub
	// GitHubEnterprise is GitHub Enterprise Server, whose API lives below
	// /api/ and whose administrator decides whether there are limits.
	GitHubEnterprise
	// GitLab is gitlab.com and self-managed GitLab.
	GitLab
	// BitbucketCloud is api.bitbucket.org.
	BitbucketCloud
	// BitbucketDataCenter is a self-managed Bitbucket.
	BitbucketDataCenter
	// AzureDevOps is dev.azure.com.
	AzureDevOps
)

// Request is the part of a request that decides which budget it draws on.
type Request struct {
	Method string   // "" means GET, as in net/http
	URL    *url.URL // required

	// Body is the beginning of the body, if the caller has it at hand. Only
	// GraphQL requests are looked at: a document with a mutation costs more
	// points. A nil Body counts as a query.
	Body []byte

	// Anonymous says that no credential was sent, so that numbers in the
	// answer describe the sender's IP address.
	Anonymous bool
}

// Response is the part of an answer that tells of limits.
type Response struct {
	Status int
	Header http.Header // canonical keys, as net/http delivers them

	// Body is the beginning of the body, read where [Dialect.ReadsBody] asks
	// for it; 64 KiB are plenty, and it may be cut anywhere. Without it only
	// the header decides.
	Body []byte
}

// String returns the dialect's name in snake_case, for example "gitlab".
func (d Dialect) String() string {
	switch d {
	case Generic:
		return "generic"
	case GitHub:
		return "github"
	case GitHubEnterprise:
		return "github_enterprise"
	case GitLab:
		return "gitlab"
	case BitbucketCloud:
		return "bitbucket_cloud"
	case BitbucketDataCenter:
		return "bitbucket_data_center"
	case AzureDevOps:
		return "azure_devops"
	}
	return unnamed("dialect", uint8(d))
}

// Backoff returns the policy for waits after answers of class c that name no
// time of their own.
func (d Dialect) Backoff(c Class) Backoff {
	switch {
	case c == SecondaryLimit:
		return SecondaryBackoff()
	case c == PrimaryLimit && d == BitbucketCloud:
		return RollingBackoff()
	}
	return GeneralBackoff()
}

// github reports whether d is one of the two dialects of GitHub, which differ
// only in where the API lives.
func (d Dialect) github() bool { return d == GitHub || d == GitHubEnterprise }

// method returns the request's method, spelled out.
func (r Request) method() string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}

// path returns the path, or "" for a request without a URL, which is a
// caller's mistake but must not panic here.
func (r Request) path() string {
	if r.URL == nil {
		return ""
	}
	return r.URL.Path
}

// served reports whether the host did what it was asked; 304 says that what
// the client has still holds.
func (r Response) served() bool {
	return r.Status/100 == 2 || r.Status == http.StatusNotModified
}

// unnamed prints a value outside the enumeration without hiding its number.
func unnamed(kind string, n uint8) string {
	return kind + "(" + strconv.Itoa(int(n)) + ")"
}
