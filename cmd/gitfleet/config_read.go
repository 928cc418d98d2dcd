package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gitfleet/gitfleet/tokens"
)

// configReader reads a configuration and gathers all that is wrong with it. What
// it says names lines and keys and never a value, which may be a secret in the
// wrong place (invariant I1).
type configReader struct {
	lookup func(string) (string, bool) // of the environment
	hide   *redactor
	faults []error
}

// parseConfiguration reads the text of a configuration file.
func parseConfiguration(text []byte, lookup func(string) (string, bool), hide *redactor) (*configuration, error) {
	r := &configReader{lookup: lookup, hide: hide}
	var document yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	err := d.Decode(&document)
	switch {
	case errors.Is(err, io.EOF): // empty
		return &configuration{}, nil
	case err != nil:
		return nil, syntax(err)
	case d.Decode(new(yaml.Node)) != io.EOF: //nolint:errorlint // the decoder returns it as it is
		return nil, errors.New("it has more than one document")
	}
	c := &configuration{}
	r.mapping(document.Content[0], r.topKeys(c))
	return c, errors.Join(r.faults...)
}

// syntax keeps the line of a YAML error; the rest may quote the file.
func syntax(err error) error {
	if at := regexp.MustCompile(`line (\d+)`).FindStringSubmatch(err.Error()); at != nil {
		return fmt.Errorf("line %s: this is no YAML", at[1])
	}
	return errors.New("this is no YAML")
}

func (r *configReader) fault(n *yaml.Node, format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf("line %d: %s", n.Line, fmt.Sprintf(format, args...)))
}

// keys read the value of each key.
type keys map[string]func(*yaml.Node)

func (r *configReader) topKeys(c *configuration) keys {
	return keys{
		"provider": func(n *yaml.Node) { c.provider = r.provider(n) },
		"max_wait": func(n *yaml.Node) { c.maxWait = new(r.duration(n)) },
		"timeout":  func(n *yaml.Node) { c.timeout = r.duration(n) },
		"state":    func(n *yaml.Node) { c.noState = !r.boolean(n) },
		"usage":    func(n *yaml.Node) { c.record, c.usage = r.usage(n) },
		"cache":    func(n *yaml.Node) { c.cache = r.folder(n) },
		"ca_file":  func(n *yaml.Node) { c.caFile = home(r.text(n)) },
		"proxy":    func(n *yaml.Node) { c.proxy = r.address(n) },
		"gh":       func(n *yaml.Node) { c.gh = r.boolean(n) },
		"glab":     func(n *yaml.Node) { c.glab = r.boolean(n) },
		"tokens": func(n *yaml.Node) {
			for _, item := range r.list(n) {
				c.tokens = append(c.tokens, r.entry(item, c))
			}
		},
	}
}

// entry reads one of the tokens.
func (r *configReader) entry(n *yaml.Node, c *configuration) tokenEntry {
	e := tokenEntry{line: n.Line}
	r.mapping(n, r.entryKeys(&e, c))
	r.checkEntry(n, e)
	return e
}

func (r *configReader) entryKeys(e *tokenEntry, c *configuration) keys {
	return keys{
		"provider":    func(n *yaml.Node) { e.token.Provider = r.provider(n) },
		"host":        func(n *yaml.Node) { e.token.Host = r.text(n) },
		"label":       func(n *yaml.Node) { e.token.Label = r.text(n) },
		"account":     func(n *yaml.Node) { e.token.Account = r.text(n) },
		"user":        func(n *yaml.Node) { e.token.User = r.text(n) },
		"description": func(n *yaml.Node) { e.token.Description = r.text(n) },
		"tags":        func(n *yaml.Node) { e.token.Tags = r.texts(n) },
		"owners":      func(n *yaml.Node) { e.token.Owners = r.texts(n) },
		"floor":       func(n *yaml.Node) { e.token.Floor = r.floor(n) },
		"priority":    func(n *yaml.Node) { e.token.Priority = r.integer(n) },
		"weight":      func(n *yaml.Node) { e.token.Weight = r.integer(n) },
		"scheme":      func(n *yaml.Node) { e.token.Scheme = tokens.Scheme(r.text(n)) },
		"expires":     func(n *yaml.Node) { e.token.Expires = r.date(n) },
		"secret": func(n *yaml.Node) {
			e.secret = r.text(n)
			r.hide.add(e.secret)
			c.literal = c.literal || variable.ReplaceAllString(n.Value, "") != ""
		},
		"command":  func(n *yaml.Node) { e.command = r.texts(n) },
		"keychain": func(n *yaml.Node) { e.keychain = r.text(n) },
		"file":     func(n *yaml.Node) { e.file = home(r.text(n)) },
	}
}

func (r *configReader) checkEntry(n *yaml.Node, e tokenEntry) {
	if n.Kind != yaml.MappingNode {
		return
	}
	if e.token.Provider == "" {
		r.fault(n, "the token has no provider: want github, gitlab or bitbucket")
	}
	places := 0
	for _, set := range []bool{e.secret != "", len(e.command) > 0, e.keychain != "", e.file != ""} {
		if set {
			places++
		}
	}
	if places != 1 {
		r.fault(n, "the token wants exactly one of secret, command, keychain and file, and has %d", places)
	}
	if _, _, ok := strings.Cut(e.keychain, "/"); e.keychain != "" && !ok {
		r.fault(n, "keychain wants service/user")
	}
}

// word is a key that can be shown.
var word = regexp.MustCompile(`^[a-z][a-z_-]{0,23}$`)

// mapping reads a mapping whose keys are all known.
func (r *configReader) mapping(n *yaml.Node, known keys) {
	if n.Kind != yaml.MappingNode {
		r.fault(n, "want keys and values: %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read := known[key.Value]
		switch {
		case read == nil && !word.MatchString(key.Value):
			r.fault(key, "unknown key: want %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		case read == nil:
			r.fault(key, "unknown key %q: want %s", key.Value, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		case seen[key.Value]:
			r.fault(key, "the key %q stands twice", key.Value)
		default:
			seen[key.Value] = true
			read(value)
		}
	}
}

func (r *configReader) list(n *yaml.Node) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		r.fault(n, "want a list")
		return nil
	}
	return n.Content
}

func (r *configReader) texts(n *yaml.Node) []string {
	var all []string
	for _, item := range r.list(n) {
		all = append(all, r.text(item))
	}
	return all
}

// variable is a reference to the environment. A token between the braces is not
// taken for a name.
var (
	variable = regexp.MustCompile(`\$\{[^}]*\}`)
	name     = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)
)

// text reads a string and fills in its variables.
func (r *configReader) text(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode {
		r.fault(n, "want a text")
		return ""
	}
	return variable.ReplaceAllStringFunc(n.Value, func(ref string) string {
		key := ref[2 : len(ref)-1]
		value, ok := r.lookup(key)
		switch {
		case !name.MatchString(key):
			r.fault(n, "between ${ and } stands no name of a variable: want capitals, digits and _")
		case !ok || value == "":
			r.fault(n, "the variable %s is not set", key)
		}
		return value
	})
}

func (r *configReader) provider(n *yaml.Node) tokens.ProviderType {
	p := tokens.ProviderType(r.text(n))
	if _, err := tokens.ParseProviderType(string(p)); err != nil {
		r.fault(n, "want github, gitlab or bitbucket")
	}
	return p
}

func (r *configReader) boolean(n *yaml.Node) bool {
	v, err := strconv.ParseBool(r.text(n))
	if err != nil {
		r.fault(n, "want true or false")
	}
	return v
}

// usage reads whether to record calls, or the file to record them in.
func (r *configReader) usage(n *yaml.Node) (record bool, file string) {
	text := r.text(n)
	if on, err := strconv.ParseBool(text); err == nil {
		return on, ""
	}
	if text == "" {
		r.fault(n, "want true, false or a file")
	}
	return true, home(text)
}

// folder reads the name of a folder. What others say yes with is none.
func (r *configReader) folder(n *yaml.Node) string {
	text := r.text(n)
	if _, err := strconv.ParseBool(text); err == nil || text == "" {
		r.fault(n, "want a folder")
	}
	return home(text)
}

func (r *configReader) integer(n *yaml.Node) int {
	v, err := strconv.Atoi(r.text(n))
	if err != nil {
		r.fault(n, "want a whole number")
	}
	return v
}

func (r *configReader) duration(n *yaml.Node) time.Duration {
	v, err := time.ParseDuration(r.text(n))
	if err != nil || v < 0 {
		r.fault(n, "want a time such as 30s or 10m")
	}
	return v
}

func (r *configReader) date(n *yaml.Node) time.Time {
	text := r.text(n)
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if v, err := time.Parse(layout, text); err == nil {
			return v
		}
	}
	r.fault(n, "want a date such as 2026-12-31")
	return time.Time{}
}

// floor reads a number of calls, or a share such as "10%".
func (r *configReader) floor(n *yaml.Node) tokens.Floor {
	text := r.text(n)
	share, isShare := strings.CutSuffix(text, "%")
	v, err := strconv.ParseInt(strings.TrimSpace(share), 10, 64)
	switch {
	case err != nil || v < 0 || isShare && v > 100:
		r.fault(n, "want a number of calls, or a share such as 10%%")
		return tokens.Floor{}
	case isShare:
		return tokens.Floor{Percent: int(v)}
	}
	return tokens.Floor{Calls: v}
}

func (r *configReader) address(n *yaml.Node) string {
	text := r.text(n)
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		r.fault(n, "want a URL such as http://proxy.example.com:3128")
		return ""
	}
	if password, ok := u.User.Password(); ok {
		r.hide.add(password)
	}
	return text
}
