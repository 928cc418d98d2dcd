package tokens

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Command returns a source that runs a program, without a shell, and reads the
// provider's tokens from what it prints: what [File] describes, at most 1 MiB,
// or what a git credential helper prints (git's documentation,
// "git-credential"). Of the latter the password is the token, which ends when
// password_expiry_utc says; the user name goes with it as Basic for Bitbucket
// only, since GitHub and GitLab take the token alone. A program that prints no token is an error that matches [ErrNoTokens].
//
// On its standard input the program finds protocol and host of the provider's
// public cloud as such helpers want them, so that
//
//	tokens.Command(tokens.GitHub, "git", "credential", "fill")
//
// is one; git is told not to ask for a password. It has the environment of this
// process, but not GITHUB_TOKENS, GITLAB_TOKENS and BITBUCKET_TOKENS: these hold
// the tokens of a whole fleet, and no program but this one reads them.
//
// The program is killed when the context ends, and then the context's error is
// returned. Errors name the program. Neither its arguments nor what it prints,
// also on its standard error, is in them.
func Command(p ProviderType, name string, args ...string) Source {
	return command{provider: p, name: name, args: append([]string(nil), args...)}
}

type command struct {
	provider ProviderType
	name     string
	args     []string
}

// Tokens implements [Source].
func (c command) Tokens(ctx context.Context) ([]Token, error) {
	if err := ready(ctx, c.provider); err != nil {
		return nil, err
	}
	text, err := c.output(ctx)
	if ended := ctx.Err(); ended != nil {
		return nil, ended
	}
	var ts []Token
	if err == nil {
		ts, err = c.parse(text)
	}
	if err != nil {
		return nil, fmt.Errorf("gitfleet: token command %s: %w", filepath.Base(c.name), err)
	}
	return ts, nil
}

// pipeDelay is how long the output of a program that has ended is waited for,
// because a process that it left behind may keep it open.
const pipeDelay = time.Second

func (c command) output(ctx context.Context) (string, error) {
	var out bounded
	cmd := exec.CommandContext(ctx, c.name, c.args...)
	cmd.Env = append(withoutLists(os.Environ()), "GIT_TERMINAL_PROMPT=0")
	cmd.Stdin = strings.NewReader(credentialRequest(c.provider))
	cmd.Stdout = &out
	cmd.WaitDelay = pipeDelay
	err := cmd.Run()
	switch {
	case out.full:
		return "", fmt.Errorf("it prints more than %d bytes", maxSourceText)
	case errors.Is(err, exec.ErrWaitDelay): // it ended well, and this is what it printed
		return out.text.String(), nil
	}
	return out.text.String(), err
}

// withoutLists returns an environment without the variables that hold a list of
// tokens. Those for one token, such as GITHUB_TOKEN, stay: they are names that
// other programs know, and a credential helper may live on one. The case of
// names means nothing on Windows.
func withoutLists(environment []string) []string {
	return slices.DeleteFunc(environment, func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.ContainsFunc(envVariables, func(v envVariable) bool { return strings.EqualFold(name, v.names[0]) })
	})
}

// credentialRequest is what git would write to a credential helper.
func credentialRequest(p ProviderType) string {
	host, ok := map[ProviderType]string{GitHub: "github.com", GitLab: "gitlab.com", Bitbucket: "bitbucket.org"}[p]
	if !ok {
		return ""
	}
	return "protocol=https\nhost=" + host + "\n\n"
}

func (c command) parse(text string) ([]Token, error) {
	pairs, ok := credentialOf(text)
	if !ok {
		return parseText(c.provider, text)
	}
	t := Token{Provider: c.provider, Secret: Static(pairs["password"])}
	if c.provider == Bitbucket {
		t.User = pairs["username"]
	}
	if seconds, err := strconv.ParseInt(pairs["password_expiry_utc"], 10, 64); err == nil {
		t.Expires = time.Unix(seconds, 0)
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	return []Token{t}, nil
}

// credentialOf reads the output of a git credential helper: lines of key=value,
// one of which is the password.
func credentialOf(text string) (pairs map[string]string, ok bool) {
	pairs = map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		key, value, isPair := strings.Cut(line, "=")
		switch {
		case line == "":
		case !isPair:
			return nil, false
		default:
			pairs[key] = value
		}
	}
	_, ok = pairs["password"]
	return pairs, ok
}

// bounded is a buffer that refuses to grow beyond maxSourceText. The buffer is
// not embedded, because its ReadFrom would get round the bound.
type bounded struct {
	text bytes.Buffer
	full bool
}

// Write implements [io.Writer].
func (b *bounded) Write(p []byte) (int, error) {
	if b.text.Len()+len(p) > maxSourceText {
		b.full = true
		return 0, errors.New("too long")
	}
	return b.text.Write(p)
}
