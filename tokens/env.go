package tokens

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// ErrNoTokens is what the error of a [Source] that found nothing matches.
var ErrNoTokens = errors.New("no tokens")

// envVariables are the variables that tokens are read from, in this order. The
// first of a provider that is set wins. The first name is for lists. GH_TOKEN is
// the name that GitHub's own command line knows (GitHub CLI manual, "gh help
// environment").
var envVariables = []envVariable{
	{GitHub, []string{"GITHUB_TOKENS", "GITHUB_TOKEN", "GH_TOKEN"}},
	{GitLab, []string{"GITLAB_TOKENS", "GITLAB_TOKEN"}},
	{Bitbucket, []string{"BITBUCKET_TOKENS", "BITBUCKET_TOKEN"}},
}

type envVariable struct {
	provider ProviderType
	names    []string
}

// variablesOf names the variables of a provider, if it has any, for people.
func variablesOf(p ProviderType) string {
	for _, v := range envVariables {
		if v.provider == p {
			return strings.Join(v.names, " or ")
		}
	}
	return ""
}

// Env returns a source that reads the tokens of the given providers, or of all
// if none is given, from environment variables: GITHUB_TOKENS, else
// GITHUB_TOKEN, else GH_TOKEN; GITLAB_TOKENS, else GITLAB_TOKEN;
// BITBUCKET_TOKENS, else BITBUCKET_TOKEN. An empty variable counts as unset.
//
// A variable holds entries separated by commas. An entry is
//
//	[label] secret [base-url]
//
// in words separated by spaces; the base URL begins with https:// or http://. A
// secret of the form user:secret is sent as Basic. When nothing is found, the
// error matches [ErrNoTokens] and names every variable that was looked for.
// Errors name a variable and the number of the entry, never its text.
func Env(providers ...ProviderType) Source { return env{providers, os.Getenv} }

type env struct {
	providers []ProviderType
	get       func(string) string
}

// Tokens implements [Source].
func (e env) Tokens(ctx context.Context) ([]Token, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ts, err := e.tokens()
	if err != nil {
		return nil, fmt.Errorf("gitfleet: environment: %w", err)
	}
	return ts, nil
}

func (e env) tokens() ([]Token, error) {
	var all []Token
	var looked []string
	for _, v := range envVariables {
		if !e.wants(v.provider) {
			continue
		}
		looked = append(looked, v.names...)
		ts, err := e.read(v.provider, v.names)
		if err != nil {
			return nil, err
		}
		all = append(all, ts...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: set one of %s", ErrNoTokens, strings.Join(looked, ", "))
	}
	return all, nil
}

func (e env) wants(p ProviderType) bool {
	for _, wanted := range e.providers {
		if wanted == p {
			return true
		}
	}
	return len(e.providers) == 0
}

func (e env) read(p ProviderType, names []string) ([]Token, error) {
	for _, name := range names {
		value := strings.TrimSpace(e.get(name))
		if value == "" {
			continue
		}
		ts, err := parseEntries(p, value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return ts, nil
	}
	return nil, nil
}

// parseEntries reads entries separated by commas; empty ones are skipped.
func parseEntries(p ProviderType, list string) ([]Token, error) {
	var ts []Token
	for i, text := range strings.Split(list, ",") {
		if strings.TrimSpace(text) == "" {
			continue
		}
		t, err := parseEntry(p, text)
		if err == nil {
			err = t.check()
		}
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
		ts = append(ts, t)
	}
	if len(ts) == 0 {
		return nil, fmt.Errorf("%w in it: it has only commas", ErrNoTokens)
	}
	return ts, nil
}

// parseEntry reads "[label] secret [base-url]".
func parseEntry(p ProviderType, text string) (Token, error) {
	if strings.ContainsAny(strings.TrimSpace(text), "\r\n") {
		return Token{}, errors.New("it has a line break in it: want [label] secret [base-url] on one line")
	}
	words := strings.Fields(text)
	t := Token{Provider: p}
	if last := words[len(words)-1]; strings.HasPrefix(last, "https://") || strings.HasPrefix(last, "http://") {
		t.Host, words = last, words[:len(words)-1]
	}
	switch len(words) {
	case 0:
		return Token{}, errors.New("it has a base URL and no secret: want [label] secret [base-url]")
	case 1:
	case 2:
		t.Label = words[0]
	default:
		return Token{}, fmt.Errorf("it has %d words: want [label] secret [base-url]", len(strings.Fields(text)))
	}
	secret := words[len(words)-1]
	if user, rest, ok := strings.Cut(secret, ":"); ok {
		t.User, secret = user, rest
	}
	t.Secret = Static(secret)
	if err := checkEntryLabel(t.Label, secret); err != nil {
		return Token{}, err
	}
	return t, nil
}
