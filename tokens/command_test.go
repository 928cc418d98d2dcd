package tokens_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

// fake returns a source whose program is this test binary in the given role.
// The arguments after the role are made into canaries there, so that none is
// visible in a list of processes.
func fake(p tokens.ProviderType, role string, args ...string) tokens.Source {
	return tokens.Command(p, os.Args[0], append([]string{"-test.run=^TestFakeProgram$", "--", "as", role}, args...)...)
}

// TestFakeProgram is the program of the tests of Command.
func TestFakeProgram(t *testing.T) {
	args := flag.Args()
	if len(args) < 2 || args[0] != "as" {
		return // run as a test
	}
	defer os.Exit(0)
	secret := canary.Token("printed")
	switch role := args[1]; role {
	case "print":
		text := strings.Join(args[2:], " ")
		text = strings.NewReplacer("SECRET", secret, "ATLASSIAN", atlassian, "; ", "\n").Replace(text)
		fmt.Println(text)
	case "helper": // answers only what git would ask
		in, _ := io.ReadAll(os.Stdin)
		if string(in) == "protocol=https\nhost=github.com\n\n" && os.Getenv("GIT_TERMINAL_PROMPT") == "0" {
			fmt.Printf("protocol=https\nhost=github.com\nusername=octocat\npassword=%s\n", secret)
		}
	case "environment": // prints a token if it sees nothing but what it may
		for _, name := range []string{"GITHUB_TOKENS", "GITLAB_TOKENS", "BITBUCKET_TOKENS"} {
			if _, ok := os.LookupEnv(name); ok {
				return
			}
		}
		if os.Getenv("GITHUB_TOKEN") == canary.Token("one") && os.Getenv("HELPER_HOME") == "there" {
			fmt.Println(secret)
		}
	case "fail":
		fmt.Println(secret)
		fmt.Fprintln(os.Stderr, "failed with", secret)
		os.Exit(3)
	case "flood":
		for range 1 << 16 {
			fmt.Println(secret)
		}
	case "hang":
		fmt.Println(secret)
		time.Sleep(time.Hour)
	case "leave": // ends and leaves a child that holds the pipe
		fmt.Println(secret)
		cmd := exec.Command(os.Args[0], "-test.run=^TestFakeProgram$", "--", "as", "linger")
		cmd.Stdout = os.Stdout
		_ = cmd.Start()
	case "linger":
		time.Sleep(5 * time.Second)
	}
}

func TestCommand_Tokens(t *testing.T) {
	t.Parallel()
	names := map[string]string{canary.Token("printed"): "S", atlassian: "X"}
	plain := `github "" user="" secret=S host=""`
	for _, tt := range []struct {
		name   string
		source tokens.Source
		want   string
	}{
		{"plain", fake(tokens.GitHub, "print", "SECRET"), plain},
		{"entries", fake(tokens.GitHub, "print", "# two; ci SECRET; SECRET"), `github "ci" user="" secret=S host=""` + "\n" + plain},
		{"no shell", fake(tokens.GitHub, "print", "$HOME", "SECRET"), `github "$HOME" user="" secret=S host=""`},
		{"an environment", fake(tokens.GitHub, "print", "PATH=/bin; GITHUB_TOKEN=SECRET"), plain},
		{"a credential helper", fake(tokens.GitHub, "helper"), plain},
		{"a credential helper for GitLab", fake(tokens.GitLab, "print", "username=oauth2; password=SECRET"), `gitlab "" user="" secret=S host=""`},
		{"a credential helper for Bitbucket", fake(tokens.Bitbucket, "print", "username=me; password=SECRET; password_expiry_utc=1"), `bitbucket "" user="me" secret=S host=""`},
		{"a credential helper without a user", fake(tokens.Bitbucket, "print", "password=ATLASSIAN"), `bitbucket "" user="" secret=X host=""`},
		{"an Atlassian token", fake(tokens.Bitbucket, "print", "ATLASSIAN"), `bitbucket "" user="" secret=X host=""`},
		{"a child that keeps the pipe open", fake(tokens.GitHub, "leave"), plain},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ts, err := tt.source.Tokens(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := listed(ts, names); got != tt.want {
				t.Errorf("Tokens() =\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestI1_Command_gives_its_program_no_list_of_tokens(t *testing.T) {
	for name, value := range map[string]string{
		"GITHUB_TOKENS":    canary.Token("many"),
		"GITLAB_TOKENS":    canary.Token("many"),
		"BITBUCKET_TOKENS": canary.Token("many"),
		"GITHUB_TOKEN":     canary.Token("one"), // other programs know this name
		"HELPER_HOME":      "there",
	} {
		t.Setenv(name, value)
	}
	ts, err := fake(tokens.GitHub, "environment").Tokens(t.Context())
	if err != nil || len(ts) != 1 {
		t.Errorf("Tokens() = %d tokens, %v; want 1: the program saw a list, or not the rest", len(ts), err)
	}
}

func TestI1_Command_errors_hold_nothing_of_what_it_prints_or_is_told(t *testing.T) {
	t.Parallel()
	told := canary.Token("argument")
	for _, tt := range []struct {
		name   string
		source tokens.Source
		want   string
	}{
		{"it fails", fake(tokens.GitHub, "fail", told), "exit status 3"},
		{"it prints nothing", fake(tokens.GitHub, "print"), "no tokens in it"},
		{"it prints nonsense", fake(tokens.GitHub, "print", "so many words SECRET"), "line 1: entry 1: it has 4 words"},
		{"its password is empty", fake(tokens.GitHub, "print", "username=SECRET; password="), "secret is empty"},
		{"its password has blanks", fake(tokens.GitHub, "print", "password=SECRET SECRET"), "secret has a space"},
		{"its user has a colon", fake(tokens.Bitbucket, "print", "username=a:SECRET; password=SECRET"), "without a colon"},
		{"it prints too much", fake(tokens.GitHub, "flood"), "it prints more than 1048576 bytes"},
		{"it does not exist", tokens.Command(tokens.GitHub, "gitfleet-no-such-program", told), "executable file not found"},
		{"no provider", fake("", "print", "SECRET"), "want NAME=value, since no provider is given"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ts, err := tt.source.Tokens(t.Context())
			wantError(t, ts, err, "gitfleet: token command", tt.want)
		})
	}
}

func TestI9_Command_ends_with_its_context(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	ts, err := fake(tokens.GitHub, "hang").Tokens(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || ts != nil {
		t.Errorf("Tokens() = %d tokens, %v, want the context's error", len(ts), err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := fake(tokens.GitHub, "hang").Tokens(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
}

func TestCommand_of_an_unknown_provider_is_not_run(t *testing.T) {
	t.Parallel()
	ts, err := fake("gitea", "print", "SECRET").Tokens(t.Context())
	wantError(t, ts, err, `gitfleet: unknown provider "gitea"`)
}

func TestCommand_reads_when_the_password_ends(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"password=SECRET; password_expiry_utc=1800000000": time.Unix(1_800_000_000, 0),
		"password=SECRET; password_expiry_utc=soon":       {},
		"password=SECRET": {},
	} {
		ts, err := fake(tokens.GitHub, "print", text).Tokens(t.Context())
		if err != nil || !ts[0].Expires.Equal(want) {
			t.Errorf("%s: it ends at %v, error %v, want %v", text, ts, err, want)
		}
	}
}

func TestCommand_keeps_its_own_copy_of_the_arguments(t *testing.T) {
	t.Parallel()
	args := []string{"-test.run=^TestFakeProgram$", "--", "as", "print", "SECRET"}
	source := tokens.Command(tokens.GitHub, os.Args[0], args...)
	args[3] = "fail"
	if _, err := source.Tokens(t.Context()); err != nil {
		t.Error(err)
	}
}
