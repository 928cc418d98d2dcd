package tokens

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"
)

// maxSourceText bounds what is read from a file or a command, in bytes: some
// thousands of tokens.
const maxSourceText = 1 << 20

// File returns a source that reads the provider's tokens from a file, anew each
// time. Only the owner may be able to read it (mode 0600 or less), else it is
// refused; on Windows its access list is not looked at. It may have 1 MiB.
//
// The file has one entry a line, in the form that [Env] describes; what follows
// a word that begins with # is a comment. A file of NAME=value lines, as .env
// files are, is read like an environment instead: the variables of [Env], of
// this provider or, if it is empty, of all of them, and all others ignored.
//
// A file without tokens is an error that matches [ErrNoTokens]. Errors name the
// file and the line or the variable, never its text.
func File(p ProviderType, path string) Source { return file{p, path} }

type file struct {
	provider ProviderType
	path     string
}

// Tokens implements [Source].
func (f file) Tokens(ctx context.Context) ([]Token, error) {
	if err := ready(ctx, f.provider); err != nil {
		return nil, err
	}
	text, err := f.read()
	if err != nil {
		return nil, fmt.Errorf("gitfleet: token file: %w", err)
	}
	ts, err := parseText(f.provider, text)
	if err != nil {
		return nil, fmt.Errorf("gitfleet: token file %s: %w", f.path, err)
	}
	return ts, nil
}

// ready reports what keeps a source from being asked.
func ready(ctx context.Context, p ProviderType) error {
	if p != "" {
		if _, err := ParseProviderType(string(p)); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (f file) read() (string, error) {
	info, err := os.Stat(f.path) // first, because opening a pipe would wait for its writer
	if err != nil {
		return "", err
	}
	if err := f.check(info); err != nil {
		return "", err
	}
	in, err := os.Open(f.path)
	if err != nil {
		return "", err
	}
	defer in.Close()
	if info, err = in.Stat(); err != nil {
		return "", err
	}
	if err := f.check(info); err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(in, maxSourceText+1))
	if err == nil && len(text) > maxSourceText {
		err = fmt.Errorf("%s has more than %d bytes", f.path, maxSourceText)
	}
	return string(text), err
}

func (f file) check(info os.FileInfo) error {
	switch mode := info.Mode(); {
	case !mode.IsRegular():
		return fmt.Errorf("%s is not a regular file", f.path)
	case runtime.GOOS != "windows" && mode.Perm()&0o077 != 0:
		return fmt.Errorf("%s has mode %#o, so that others can reach it: run chmod 600 on it", f.path, mode.Perm())
	}
	return nil
}

// parseText reads tokens from lines of entries or of NAME=value.
func parseText(p ProviderType, text string) ([]Token, error) {
	variables := map[string]string{}
	var ts []Token
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		number++
		line = withoutComment(line)
		if line == "" {
			continue
		}
		if name, value, ok := assignment(line); ok {
			variables[name] = value
			continue
		}
		if p == "" {
			return nil, fmt.Errorf("line %d: want NAME=value, since no provider is given", number)
		}
		more, err := parseEntries(p, line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		ts = append(ts, more...)
	}
	switch {
	case len(ts) > 0 && len(variables) > 0:
		return nil, errors.New("it mixes NAME=value lines with others")
	case len(variables) > 0:
		return env{only(p), func(name string) string { return variables[name] }}.tokens()
	case len(ts) == 0:
		return nil, fmt.Errorf("%w in it", ErrNoTokens)
	}
	return ts, nil
}

func only(p ProviderType) []ProviderType {
	if p == "" {
		return nil
	}
	return []ProviderType{p}
}

// withoutComment cuts the line before the first word that begins with #, and
// the white space around the rest. A quoted value keeps what is quoted.
func withoutComment(line string) string {
	line = strings.TrimSpace(line)
	if quoted.MatchString(line) {
		return line
	}
	if at := comment.FindStringIndex(line); at != nil {
		line = line[:at[0]]
	}
	return strings.TrimSpace(line)
}

var (
	comment = regexp.MustCompile(`(?:^|\s)#`)
	assigns = regexp.MustCompile(`^(?:export\s+)?([A-Z_][A-Z0-9_]*)=(.*)$`)
	quoted  = regexp.MustCompile(`^(?:export\s+)?[A-Z_][A-Z0-9_]*=\s*(?:"([^"]*)"|'([^']*)')\s*(?:#.*)?$`)
)

// assignment reads a NAME=value line of a .env file. Atlassian's tokens have a
// = too, before a checksum: "ATCTT3…=1A2B3C4D".
func assignment(line string) (name, value string, ok bool) {
	m := assigns.FindStringSubmatch(line)
	if m == nil || strings.HasPrefix(m[1], "ATCTT3") || strings.HasPrefix(m[1], "ATATT3") {
		return "", "", false
	}
	value = strings.TrimSpace(m[2])
	if q := quoted.FindStringSubmatch(line); q != nil {
		value = q[1] + q[2]
	}
	return m[1], value, true
}
