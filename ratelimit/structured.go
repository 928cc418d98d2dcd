package ratelimit

import (
	"net/http"
	"strings"
	"time"
)

// item is one member of a structured field list (RFC 9651), such as
// "default";r=50;t=30.
type item struct {
	name   string
	params string // what follows the name, for example r=50;t=30
}

// structuredNumbers reads the fields RateLimit and RateLimit-Policy of
// draft-ietf-httpapi-ratelimit-headers-11. No Git host sends them yet; proxies
// in front of one may. Of several budgets the one with the least left is
// taken, since that one refuses first.
func structuredNumbers(h http.Header, clock time.Time) numbers {
	var tightest numbers
	for line := first(h, "Ratelimit"); line != ""; {
		var it item
		it, line = nextItem(line)
		n := numbers{
			remaining: left(it.param("r")),
			reset:     reset(it.param("t"), clock),
			resource:  it.name,
		}
		if n.any() && tighter(n, tightest) {
			tightest = n
		}
	}
	if tightest.any() {
		tightest.limit = quota(h, tightest.resource)
		tightest.resource = strings.ToLower(tightest.resource)
	}
	return tightest
}

// tighter reports whether a leaves less than b. A budget that does not say
// what is left counts for little.
func tighter(a, b numbers) bool {
	switch {
	case !b.any():
		return true
	case !a.remaining.known:
		return false
	}
	return !b.remaining.known || a.remaining.value < b.remaining.value
}

// quota returns the limit of the policy with this name.
func quota(h http.Header, name string) Optional[int64] {
	for line := first(h, "Ratelimit-Policy"); line != ""; {
		var it item
		it, line = nextItem(line)
		if it.name == name {
			return amount(it.param("q"))
		}
	}
	return Optional[int64]{}
}

// nextItem splits the first member off a list. One that has nothing before its
// parameters is none, and says nothing.
func nextItem(line string) (it item, rest string) {
	head, rest := cutUnquoted(line, ',')
	title, params := cutUnquoted(head, ';')
	title = trim(title)
	if title == "" {
		params = ""
	}
	if len(title) >= 2 && title[0] == '"' && title[len(title)-1] == '"' {
		title = title[1 : len(title)-1]
		if strings.Contains(title, `\`) {
			title = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(title)
		}
	}
	return item{name: title, params: params}, trim(rest)
}

// param returns the value of a parameter, or "". The last one of a name
// counts, says RFC 9651.
func (it item) param(key string) string {
	value := ""
	for rest := it.params; rest != ""; {
		var p string
		p, rest = cutUnquoted(rest, ';')
		if k, v, _ := strings.Cut(trim(p), "="); k == key {
			value = v
		}
	}
	return value
}

// cutUnquoted cuts s around the first sep outside quotation marks.
func cutUnquoted(s string, sep byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
