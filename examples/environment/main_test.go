package main

import (
	"strings"
	"testing"
)

func TestRun_shows_labels_and_no_token(t *testing.T) {
	for _, tt := range []struct {
		name, github, gitlab string
		want                 string
	}{
		{
			name:   "two variables",
			github: "alice example-token-1, ci example-token-2",
			gitlab: "work example-token-3 https://git.example.com/gitlab",
			want: `alice for https://api.github.com: unknown
ci for https://api.github.com: unknown
work for https://git.example.com/gitlab: unknown
a token prints as alice, its secret as [secret]
`,
		},
		{
			name: "nothing set",
			want: "gitfleet: environment: no tokens: set one of GITHUB_TOKENS, GITHUB_TOKEN, GH_TOKEN, " +
				"GITLAB_TOKENS, GITLAB_TOKEN, BITBUCKET_TOKENS, BITBUCKET_TOKEN\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, name := range []string{"GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN", "BITBUCKET_TOKENS", "BITBUCKET_TOKEN"} {
				t.Setenv(name, "")
			}
			t.Setenv("GITHUB_TOKENS", tt.github)
			t.Setenv("GITLAB_TOKENS", tt.gitlab)
			var out strings.Builder
			if err := run(t.Context(), &out); err != nil {
				t.Fatal(err)
			}
			if got := out.String(); got != tt.want {
				t.Errorf("run() printed\n%swant\n%s", got, tt.want)
			}
		})
	}
}
