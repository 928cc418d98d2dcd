package ratelimit

import "strings"

// searchedOwner returns the owner that a search is narrowed to by the qualifiers
// user:, org: and repo: (GitHub Docs, "Searching on GitHub"), or "" if that is
// none or more than one. What joins or excludes terms makes it none: then the
// qualifier may not hold for everything that is found.
func searchedOwner(query string) string {
	q, _ := param(query, "q")
	owner, quoted := "", false
	for q != "" {
		var word string
		word, q = nextWord(q)
		inside := quoted
		quoted = quoted != (countQuotes(word)%2 == 1)
		if inside {
			continue
		}
		if word == "OR" || word == "NOT" {
			return ""
		}
		name, ok := qualifiedOwner(word)
		switch {
		case !ok:
		case !plainName(name):
			return ""
		case owner == "":
			owner = name
		case !strings.EqualFold(owner, name):
			return ""
		}
	}
	return owner
}

// qualifiedOwner returns the owner in a word such as "repo:acme/web".
func qualifiedOwner(word string) (name string, ok bool) {
	for _, key := range [...]string{"user", "org", "repo"} {
		if len(word) <= len(key) || !strings.EqualFold(word[:len(key)], key) {
			continue
		}
		value, found := cutFold(word[len(key):], ":", "%3a")
		if !found {
			continue
		}
		if key == "repo" {
			if i := indexFold(value, "/", "%2f"); i >= 0 {
				value = value[:i]
			}
		}
		return value, true
	}
	return "", false
}

// asksForMe reports whether a search speaks of @me, who is whoever asks.
func asksForMe(query string) bool {
	q, _ := param(query, "q")
	return indexFold(q, "@me", "%40me") >= 0
}

// nextWord splits what a query's value says, with its escapes, at the first blank.
func nextWord(s string) (word, rest string) {
	for i := range len(s) {
		switch {
		case s[i] == '+', s[i] == ' ':
			return s[:i], s[i+1:]
		case strings.HasPrefix(s[i:], "%20"):
			return s[:i], s[i+3:]
		}
	}
	return s, ""
}

func countQuotes(word string) int {
	return strings.Count(word, `"`) + strings.Count(word, "%22")
}

// plainName reports whether s can be a login of GitHub's: nothing in it is escaped.
func plainName(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && (s[i] < '0' || s[i] > '9') && s[i] != '-' && s[i] != '_' {
			return false
		}
	}
	return s != ""
}

// cutFold removes a prefix in one of two spellings.
func cutFold(s, plain, escaped string) (rest string, found bool) {
	for _, prefix := range [...]string{plain, escaped} {
		if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
			return s[len(prefix):], true
		}
	}
	return s, false
}

// indexFold returns where one of two spellings begins in s, or -1.
func indexFold(s, plain, escaped string) int {
	for i := range len(s) {
		if _, found := cutFold(s[i:], plain, escaped); found {
			return i
		}
	}
	return -1
}

// param returns the first value of a query's key as it is written, escapes
// included.
func param(query, key string) (value string, ok bool) {
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		if name, value, _ := strings.Cut(pair, "="); name == key {
			return value, true
		}
	}
	return "", false
}
