package tokens_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

// listed renders tokens without their secrets, which are told by name.
func listed(ts []tokens.Token, names map[string]string) string {
	var parts []string
	for _, t := range ts {
		parts = append(parts, fmt.Sprintf("%s %q user=%q secret=%s host=%q", t.Provider, t.Label, t.User, names[t.Secret.Reveal()], t.Host))
	}
	return strings.Join(parts, "\n")
}

// fileOf writes a token file. The suite searches what tests leave behind for
// canaries, so it must be gone at the end, as t.TempDir sees to.
func fileOf(t testing.TB, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// A Bitbucket access token in Atlassian's form, with a checksum after a =.
const atlassian = "ATCTT3X" + canary.Mark + "=1A2B3C4D"

func TestFile_Tokens(t *testing.T) {
	t.Parallel()
	a, b := canary.Token("a"), canary.Token("b")
	upper := "ATCTT3XFFGN0_" + strings.ToUpper(canary.Mark) + "=1A2B3C4D"
	names := map[string]string{a: "A", b: "B", atlassian: "X", upper: "U", a + "#1": "H"}
	one := `github "" user="" secret=A host=""`
	two := one + "\n" + `github "" user="" secret=B host=""`
	for _, tt := range []struct {
		name     string
		provider tokens.ProviderType
		text     string
		want     string
	}{
		{"one", tokens.GitHub, a, one},
		{"one a line", tokens.GitHub, a + "\n" + b + "\n", two},
		{"line ends and blanks of other systems", tokens.GitHub, "\ufeff" + a + "\r\n\r\n \t" + b + "  \r\n", two},
		{"comments", tokens.GitHub, "# mine\n" + a + "\t# alice\n  #" + b + "\n" + b + " #\n", two},
		{"a # inside a word is part of it", tokens.GitHub, a + "#1", `github "" user="" secret=H host=""`},
		{"commas", tokens.GitHub, a + ", " + b + ",\n", two},
		{"label and base URL", tokens.GitLab, "ci " + a + " https://git.example.com/gitlab # nightly", `gitlab "ci" user="" secret=A host="https://git.example.com/gitlab"`},
		{"basic", tokens.Bitbucket, "me me@example.com:" + a, `bitbucket "me" user="me@example.com" secret=A host=""`},
		{"an Atlassian token", tokens.Bitbucket, atlassian, `bitbucket "" user="" secret=X host=""`},
		{"an Atlassian token without lower case", tokens.Bitbucket, upper, `bitbucket "" user="" secret=U host=""`},
		{"a labelled Atlassian token", tokens.Bitbucket, "ci " + atlassian, `bitbucket "ci" user="" secret=X host=""`},
		{"environment", tokens.GitHub, "GITHUB_TOKENS=" + a + "," + b, two},
		{"environment, the list wins", tokens.GitHub, "GH_TOKEN=" + b + "\nGITHUB_TOKENS=" + a, one},
		{"environment with export, quotes and comments", tokens.GitHub, "# ours\nexport GITHUB_TOKENS=\"" + a + ", " + b + "\" # both\n", two},
		{"environment with single quotes", tokens.GitHub, "GITHUB_TOKEN='" + a + "'", one},
		{"environment without quotes", tokens.GitHub, "GITHUB_TOKEN= " + a + " # mine", one},
		{"environment, a quoted #", tokens.GitHub, `GITHUB_TOKEN="` + a + `#1"`, `github "" user="" secret=H host=""`},
		{"environment, others ignored", tokens.GitHub, "PATH=/bin\nGITLAB_TOKEN=" + b + "\nGITHUB_TOKEN=" + a, one},
		{"environment of all providers", "", "GITLAB_TOKEN=" + b + "\nGITHUB_TOKEN=" + a, one + "\n" + `gitlab "" user="" secret=B host=""`},
		{"environment, an Atlassian token", tokens.Bitbucket, "BITBUCKET_TOKEN=" + atlassian, `bitbucket "" user="" secret=X host=""`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ts, err := tokens.File(tt.provider, fileOf(t, tt.text, 0o600)).Tokens(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := listed(ts, names); got != tt.want {
				t.Errorf("Tokens() =\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestI1_File_errors_name_the_place_and_never_the_text(t *testing.T) {
	t.Parallel()
	a := canary.Token("a")
	for _, tt := range []struct {
		name     string
		provider tokens.ProviderType
		text     string
		want     string
	}{
		{"empty", tokens.GitHub, "", "no tokens in it"},
		{"only comments", tokens.GitHub, "# " + a + "\n\n", "no tokens in it"},
		{"too many words", tokens.GitHub, "# mine\n" + a + "\na label " + a + "\n", "line 3: entry 1: it has 3 words: want [label] secret [base-url]"},
		{"not ASCII", tokens.GitHub, a + "é", "line 1: entry 1: secret has a space, control or non-ASCII character"},
		{"a NUL", tokens.GitHub, a + "\x00" + a, "line 1: entry 1: secret has a space, control"},
		{"only commas", tokens.GitHub, ",,", "line 1: no tokens in it: it has only commas"},
		{"bad base", tokens.GitHub, a + " https://me:" + a + "@git.example.com", "line 1: entry 1: host must not hold a user"},
		{"no base", tokens.GitLab, "https://git.example.com", "line 1: entry 1: it has a base URL and no secret"},
		{"mixed", tokens.GitHub, a + "\nGITHUB_TOKEN=" + a, "it mixes NAME=value lines with others"},
		{"no provider", "", "\n" + a, "line 2: want NAME=value, since no provider is given"},
		{"only other variables", tokens.GitHub, "DATABASE_URL=postgres://me:" + a + "@db\nGITLAB_TOKEN=" + a, "no tokens: set one of GITHUB_TOKENS, GITHUB_TOKEN, GH_TOKEN"},
		{"a bad variable", tokens.GitHub, "GITHUB_TOKENS=" + a + ",a b " + a, "GITHUB_TOKENS: entry 2: it has 3 words"},
		{"an open quote", tokens.GitHub, `GITHUB_TOKEN="` + a + " x y", "GITHUB_TOKEN: entry 1: it has 3 words"},
		{"too long", tokens.GitHub, strings.Repeat(a+"\n", 70_000), "has more than 1048576 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := fileOf(t, tt.text, 0o600)
			ts, err := tokens.File(tt.provider, path).Tokens(t.Context())
			wantError(t, ts, err, "gitfleet: token file", path, tt.want)
			if strings.Contains(tt.want, "no tokens") != errors.Is(err, tokens.ErrNoTokens) {
				t.Errorf("errors.Is(%q, ErrNoTokens) is %t", err, errors.Is(err, tokens.ErrNoTokens))
			}
		})
	}
}

// wantError wants an error that says all of want and no secret.
func wantError(t testing.TB, ts []tokens.Token, err error, want ...string) {
	t.Helper()
	if err == nil || ts != nil {
		t.Fatalf("Tokens() returned %d tokens and error %t, want an error only", len(ts), err != nil)
	}
	text := fmt.Sprintf("%v%+v%#v", err, err, err)
	if holdsSecret(text) {
		t.Fatal("the error holds a secret")
	}
	if strings.Contains(err.Error(), "\n") || strings.Count(err.Error(), "gitfleet:") > 1 {
		t.Errorf("error %q has more than one line or prefix", err)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func TestI1_File_that_others_can_reach_is_refused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no mode there")
	}
	t.Parallel()
	for mode, refused := range map[os.FileMode]bool{
		0o600: false, 0o400: false, 0o700: false,
		0o640: true, 0o604: true, 0o644: true, 0o620: true, 0o610: true, 0o601: true, 0o660: true, 0o777: true,
	} {
		t.Run(fmt.Sprintf("%#o", mode), func(t *testing.T) {
			t.Parallel()
			path := fileOf(t, canary.Token("a"), mode)
			ts, err := tokens.File(tokens.GitHub, path).Tokens(t.Context())
			if !refused {
				if err != nil || len(ts) != 1 {
					t.Errorf("Tokens() = %d tokens, %v", len(ts), err)
				}
				return
			}
			wantError(t, ts, err, path, fmt.Sprintf("has mode %#o", mode), "chmod 600")
		})
	}
}

func TestI1_File_follows_a_link_to_the_mode_of_its_target(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need rights there, and files have no mode")
	}
	t.Parallel()
	for mode, refused := range map[os.FileMode]bool{0o600: false, 0o644: true} {
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(fileOf(t, canary.Token("a"), mode), link); err != nil {
			t.Fatal(err)
		}
		if _, err := tokens.File(tokens.GitHub, link).Tokens(t.Context()); (err != nil) != refused {
			t.Errorf("mode %#o: error %v, want one: %t", mode, err, refused)
		}
	}
}

func TestFile_that_is_none(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ts, err := tokens.File(tokens.GitHub, dir).Tokens(t.Context())
	wantError(t, ts, err, dir, "is not a regular file")
	missing := filepath.Join(dir, "missing")
	ts, err = tokens.File(tokens.GitHub, missing).Tokens(t.Context())
	wantError(t, ts, err, missing)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v does not match fs.ErrNotExist", err)
	}
	ts, err = tokens.File("gitea", dir).Tokens(t.Context())
	wantError(t, ts, err, `unknown provider "gitea"`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tokens.File(tokens.GitHub, missing).Tokens(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
}

func TestFile_is_read_anew_each_time(t *testing.T) {
	t.Parallel()
	path := fileOf(t, canary.Token("a"), 0o600)
	source := tokens.File(tokens.GitHub, path)
	for _, want := range []int{1, 2} {
		ts, err := source.Tokens(t.Context())
		if err != nil || len(ts) != want {
			t.Fatalf("Tokens() = %d tokens, %v, want %d", len(ts), err, want)
		}
		if err := os.WriteFile(path, []byte(canary.Token("a")+"\n"+canary.Token("b")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzFile(f *testing.F) {
	for _, s := range []string{"", "a", "# a", "A=b", "export GITHUB_TOKEN='", "a b https://c", "\x00", ",", "a:b", "=\n=", "GITHUB_TOKEN=\"a\" b"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		path := fileOf(t, before+canary.Mark+after, 0o600)
		for _, p := range []tokens.ProviderType{tokens.GitHub, tokens.Bitbucket, ""} {
			ts, err := tokens.File(p, path).Tokens(t.Context())
			if err == nil == (len(ts) == 0) {
				t.Fatal("neither tokens nor an error, or both")
			}
			// What is malformed may quote the provider or a scheme, which no text sets.
			if err != nil && holdsSecret(err.Error()) {
				t.Fatal("the error holds the secret")
			}
			if _, err := tokens.NewManager(tokens.Config{}, ts...); err != nil {
				t.Fatal("the manager refuses what the file gave")
			}
		}
	})
}
