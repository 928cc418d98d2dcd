package ratelimit

import "time"

// Window returns how long a window of a resource lasts, where the host documents
// it, else 0: GitHub's hour, or the minute of search and its like (GitHub Docs,
// "REST API endpoints for rate limits"), GitLab's minute ("Rate limits on
// GitLab.com") and Bitbucket Cloud's rolling hour ("API request limits").
func (d Dialect) Window(resource string) time.Duration {
	switch d {
	case GitHub, GitHubEnterprise:
		switch resource {
		case "search", "code_search", "source_import", "dependency_snapshots", "dependency_sbom", "code_scanning_autofix":
			return time.Minute
		}
		return time.Hour
	case GitLab:
		return time.Minute
	case BitbucketCloud:
		return time.Hour
	}
	return 0
}
