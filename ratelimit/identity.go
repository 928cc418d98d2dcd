package ratelimit

import (
	"net/url"
	"strings"
)

// Identity reports whether a request for u asks for what belongs to whoever asks,
// so that another account's token gets another answer, not the same one: GitHub's
// /user, /notifications and /installation, GitLab's /user and membership=true,
// Bitbucket's /user and role=member, and what else the hosts document so ("the
// authenticated user" in GitHub Docs and GitLab docs, "REST API", and in "The
// Bitbucket Cloud REST API"). GraphQL's viewer is not seen.
func (d Dialect) Identity(u *url.URL) bool {
	switch d {
	case GitHub, GitHubEnterprise:
		return githubIdentity(u)
	case GitLab:
		return gitlabIdentity(u)
	case BitbucketCloud:
		return bitbucketIdentity(u)
	case BitbucketDataCenter:
		head, _ := segment(dataCenterPath(u))
		return head == "dashboard" || head == "inbox" || head == "profile"
	}
	return false
}

func githubIdentity(u *url.URL) bool {
	if strings.HasPrefix(u.Path, "/repos/") {
		return false // as nearly always
	}
	head, rest := segment(restPath(u.Path))
	switch head {
	case "user":
		next, _ := segment(rest)
		return !isNumber(next) // /user/1 is anybody's, by number
	case "notifications", "installation":
		return true
	case "issues", "feeds":
		return rest == ""
	case "gists":
		return rest == "" || rest == "/starred"
	case "search":
		return asksForMe(u.RawQuery)
	}
	return false
}

func gitlabIdentity(u *url.URL) bool {
	_, path, found := strings.Cut(u.Path, gitlabAPI)
	if !found {
		return false
	}
	head, rest := segment(strings.TrimRight(path, "/"))
	switch head {
	case "user", "user_counts", "todos", "notification_settings", "job", "personal_access_tokens":
		return true
	case "events", "namespaces", "snippets", "runners":
		if rest == "" {
			return true
		}
	case "issues", "merge_requests", "issues_statistics":
		// Outside of a project or group scope is created_by_me unless it is given.
		if scope, _ := param(u.RawQuery, "scope"); rest == "" && scope != "all" {
			return true
		}
	}
	return strings.HasSuffix(rest, "/notification_settings") || gitlabPersonal(u.RawQuery)
}

// gitlabPersonal reports whether a query narrows a list to what the user asking
// takes part in.
func gitlabPersonal(query string) bool {
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		key, value, _ := strings.Cut(pair, "=")
		switch key {
		case "membership", "owned", "starred":
			if !isFalse(value) {
				return true
			}
		case "min_access_level", "my_reaction_emoji":
			if value != "" {
				return true
			}
		case "scope":
			switch value {
			case "created_by_me", "assigned_to_me", "reviews_for_me", "created-by-me", "assigned-to-me":
				return true
			}
		}
	}
	return false
}

func isFalse(value string) bool {
	switch strings.ToLower(value) {
	case "", "0", "f", "false", "n", "no", "off":
		return true
	}
	return false
}

func bitbucketIdentity(u *url.URL) bool {
	head, rest := segment(strings.TrimRight(cloudPath(u), "/"))
	switch head {
	case "user":
		return true
	case "workspaces", "snippets":
		if rest == "" {
			return true
		}
	case "repositories", "teams":
	default:
		return false
	}
	_, ok := param(u.RawQuery, "role")
	return ok
}
