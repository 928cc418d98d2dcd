package tokens

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
)

// described renders tokens without their secrets, which are told by name.
func described(ts []Token, names map[string]string) string {
	var parts []string
	for _, t := range ts {
		parts = append(parts, fmt.Sprintf("%s %q user=%q secret=%s host=%q", t.Provider, t.Label, t.User, names[t.Secret.Reveal()], t.Host))
	}
	return strings.Join(parts, "\n")
}

func TestEnv_Tokens(t *testing.T) {
	t.Parallel()
	a, b := canary.Token("a"), canary.Token("b")
	names := map[string]string{a: "A", b: "B"}
	tests := []struct {
		name string
		env  map[string]string
		only []ProviderType
		want string
	}{
		{"a list", map[string]string{"GITHUB_TOKENS": a + "," + b}, nil,
			"github \"\" user=\"\" secret=A host=\"\"\ngithub \"\" user=\"\" secret=B host=\"\""},
		{"blanks, line ends and empty entries are left out", map[string]string{"GITHUB_TOKENS": " " + a + " ,\n, " + b + ",\n"}, nil,
			"github \"\" user=\"\" secret=A host=\"\"\ngithub \"\" user=\"\" secret=B host=\"\""},
		{"the list wins over the single token", map[string]string{"GITHUB_TOKENS": a, "GITHUB_TOKEN": b, "GH_TOKEN": b}, nil,
			"github \"\" user=\"\" secret=A host=\"\""},
		{"an empty list counts as unset", map[string]string{"GITHUB_TOKENS": " ", "GITHUB_TOKEN": b}, nil,
			"github \"\" user=\"\" secret=B host=\"\""},
		{"the command line's own name comes last", map[string]string{"GH_TOKEN": b}, nil,
			"github \"\" user=\"\" secret=B host=\"\""},
		{"label and base URL", map[string]string{"GITLAB_TOKENS": "ci " + a + " https://git.example.com/gitlab, " + b + " https://git.example.com"}, nil,
			"gitlab \"ci\" user=\"\" secret=A host=\"https://git.example.com/gitlab\"\ngitlab \"\" user=\"\" secret=B host=\"https://git.example.com\""},
		{"basic", map[string]string{"BITBUCKET_TOKEN": "me me@example.com:" + a}, nil,
			"bitbucket \"me\" user=\"me@example.com\" secret=A host=\"\""},
		{"several providers", map[string]string{"GITHUB_TOKEN": a, "GITLAB_TOKEN": b}, nil,
			"github \"\" user=\"\" secret=A host=\"\"\ngitlab \"\" user=\"\" secret=B host=\"\""},
		{"only the wanted provider", map[string]string{"GITHUB_TOKEN": a, "GITLAB_TOKEN": b}, []ProviderType{GitLab},
			"gitlab \"\" user=\"\" secret=B host=\"\""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ts, err := env{tt.only, func(name string) string { return tt.env[name] }}.Tokens(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if got := described(ts, names); got != tt.want {
				t.Errorf("Tokens() =\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestEnv_Tokens_errors_name_the_variable_and_never_the_secret(t *testing.T) {
	t.Parallel()
	a := canary.Token("a")
	tests := []struct{ name, variable, value, want string }{
		{"too many words", "GITHUB_TOKENS", "ok " + a + ", my label " + a, "GITHUB_TOKENS: entry 2: it has 3 words: want [label] secret [base-url]"},
		{"no secret", "GITLAB_TOKEN", "https://git.example.com", "GITLAB_TOKEN: entry 1: it has a base URL and no secret"},
		{"not ASCII", "GITHUB_TOKEN", a + "ü", "GITHUB_TOKEN: entry 1: secret has a space, control or non-ASCII character"},
		{"a wrapped token", "GITHUB_TOKEN", a[:9] + "\n" + a[9:], "GITHUB_TOKEN: entry 1: it has a line break in it"},
		{"a space for a comma", "GITHUB_TOKENS", a + " " + a + "b", "GITHUB_TOKENS: entry 1: its label looks like a token"},
		{"an old token for a label", "GITHUB_TOKENS", "0123456789" + canary.Mark + " " + a, "GITHUB_TOKENS: entry 1: its label looks like a token"},
		{"only commas", "GITHUB_TOKENS", ",,", "GITHUB_TOKENS: no tokens in it"},
		{"bad base", "GITHUB_TOKEN", a + " https://user@host/", "GITHUB_TOKEN: entry 1: host must not hold a user"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := env{nil, func(name string) string {
				if name == tt.variable {
					return tt.value
				}
				return ""
			}}.Tokens(context.Background())
			switch {
			case err == nil:
				t.Fatal("Tokens() succeeded")
			case strings.Contains(err.Error(), canary.Mark):
				t.Fatal("the error holds the secret")
			case !strings.Contains(err.Error(), tt.want):
				t.Errorf("error %q does not contain %q", err, tt.want)
			}
		})
	}
}

func TestEnv_Tokens_that_finds_nothing_names_every_variable(t *testing.T) {
	t.Parallel()
	_, err := env{nil, func(string) string { return "" }}.Tokens(context.Background())
	if !errors.Is(err, ErrNoTokens) {
		t.Fatalf("error %v does not match ErrNoTokens", err)
	}
	for _, v := range envVariables {
		for _, name := range v.names {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("error %q does not name %s", err, name)
			}
		}
	}
}
