package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
)

// The exit codes, as docs/cli.md lists them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2   // wrong arguments or configuration; nothing was asked
	exitPartial     = 3   // what was read is on standard output, but it is not all
	exitSpent       = 4   // every token is spent
	exitInterrupted = 130 // 128 + SIGINT, as shells count
)

// usageError stands for wrong arguments or a wrong configuration. Without an err
// all has been said.
type usageError struct {
	command string
	err     error
}

func (e *usageError) Error() string {
	if e.err == nil {
		return "usage"
	}
	return e.err.Error()
}

func (e *usageError) Unwrap() error { return e.err }

func usagef(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{command: cmd.CommandPath(), err: fmt.Errorf(format, args...)}
}

// partialError is a failure after something was written.
type partialError struct {
	err   error
	count int // records that were written
}

func (e *partialError) Error() string { return e.err.Error() }
func (e *partialError) Unwrap() error { return e.err }

// quoted quotes what a user wrote, in part if it is long.
func quoted(s string) string {
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:57], "") + "..."
	}
	return strconv.Quote(s)
}

// exit says what went wrong and returns the exit code.
func (t *tool) exit(ctx context.Context, err error) int {
	var wrong *usageError
	var partial *partialError
	switch {
	case err == nil:
		return exitOK
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(t.err, "gitfleet: interrupted")
		return exitInterrupted
	case errors.As(err, &wrong):
		t.sayUsage(wrong)
		return exitUsage
	}
	fmt.Fprintln(t.err, line(err))
	if hint := t.hint(err); hint != "" {
		fmt.Fprintln(t.err, "hint: "+hint)
	}
	switch {
	case errors.As(err, &partial):
		fmt.Fprintf(t.err, "gitfleet: %d records were read before that\n", partial.count)
		return exitPartial
	case errors.Is(err, tokens.ErrRateLimited):
		return exitSpent
	case isBadArgument(err):
		return exitUsage
	}
	return exitFailed
}

func (t *tool) sayUsage(e *usageError) {
	if e.err == nil {
		return
	}
	fmt.Fprintln(t.err, line(e.err))
	if e.command != "" {
		fmt.Fprintf(t.err, "hint: %s -h tells how it is used\n", e.command)
	}
}

// line returns an error's text with the prefix that all of ours have.
func line(err error) string {
	text := strings.TrimPrefix(err.Error(), "gitfleet: ")
	return "gitfleet: " + strings.ReplaceAll(text, "\n", "; ")
}

// isBadArgument reports whether a client refused its arguments without asking
// anybody.
func isBadArgument(err error) bool {
	var e *providers.Error
	return errors.As(err, &e) && e.Kind == providers.ErrInvalid && e.Status == 0 //nolint:errorlint // the kind itself
}

// hint says what can be done about an error.
func (t *tool) hint(err error) string {
	var spent *tokens.ExhaustedError
	var unrecorded *nothingRecorded
	var e *providers.Error
	_ = errors.As(err, &e)
	switch {
	case errors.As(err, &unrecorded):
		return "usage: true in " + t.configPath() + " records calls, and so does --usage FILE"
	case errors.As(err, &spent) && spent.Tokens == 0:
		return t.hintNoToken(spent.Provider)
	case errors.Is(err, tokens.ErrNoTokens):
		return t.hintNoToken("")
	case e == nil:
		return ""
	case errors.Is(err, tokens.ErrRateLimited):
		return hintLater(e.RetryAt())
	case errors.Is(err, providers.ErrSSO) && e.SSO != "":
		return "authorize the token for the organization at " + e.SSO
	case errors.Is(err, providers.ErrScope) && len(e.MissingScopes) > 0:
		return "give the token one of the scopes " + strings.Join(e.MissingScopes, ", ")
	case errors.Is(err, providers.ErrUnauthorized):
		return "gitfleet tokens --check tells which tokens the host accepts"
	case errors.Is(err, providers.ErrNotFound):
		return "hosts hide what no token may see"
	}
	return ""
}

// envNames are the variables of each provider, as tokens.Env reads them.
var envNames = map[tokens.ProviderType][]string{
	tokens.GitHub:    {"GITHUB_TOKENS", "GITHUB_TOKEN", "GH_TOKEN"},
	tokens.GitLab:    {"GITLAB_TOKENS", "GITLAB_TOKEN"},
	tokens.Bitbucket: {"BITBUCKET_TOKENS", "BITBUCKET_TOKEN"},
}

func (t *tool) hintNoToken(p tokens.ProviderType) string {
	names := envNames[p]
	if len(names) == 0 {
		names = []string{"GITHUB_TOKENS", "GITLAB_TOKENS", "BITBUCKET_TOKENS"}
	}
	last := len(names) - 1
	return fmt.Sprintf("set %s or %s, or list tokens in %s, or ask with --anonymous",
		strings.Join(names[:last], ", "), names[last], t.configPath())
}

func hintLater(at time.Time) string {
	if at.IsZero() {
		return "--max-wait says how long to wait for a token"
	}
	return fmt.Sprintf("calls are possible again at %s, %s; --max-wait says how long to wait for that",
		at.UTC().Format(time.RFC3339), in(time.Until(at)))
}

// in writes a time to come for people.
func in(d time.Duration) string {
	switch {
	case d <= 0:
		return "now"
	case d < time.Minute:
		return about(d, time.Second, "s")
	case d < 2*time.Hour:
		return about(d, time.Minute, "min")
	case d < 48*time.Hour:
		return about(d, time.Hour, "h")
	}
	return about(d, 24*time.Hour, "days")
}

func about(d, unit time.Duration, name string) string {
	return fmt.Sprintf("in %d %s", max(1, int64(d.Round(unit)/unit)), name)
}

// errUsage stands for wrong arguments that have been complained of.
var errUsage error = &usageError{}
