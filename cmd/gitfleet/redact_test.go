package main

import (
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
)

// Tokens of self-managed hosts have no shape to know them by.
func TestI1_redactor_knows_the_secrets_of_the_environment_and_what_looks_like_one(t *testing.T) {
	newWorld(t)
	plain := strings.TrimPrefix(canary.Token("0123456789"), "ghp_")
	t.Setenv("GITLAB_TOKENS", "a-long-label-of-a-token "+plain+"1 https://git.example.com, me:"+plain+"2,"+plain+"3")
	r := newRedactor()
	for _, secret := range []string{plain + "1", plain + "2", plain + "3", canary.Token("any"), "glpat-" + canary.Mark, "github_pat_11A_" + canary.Mark} {
		if got := string(r.clean([]byte("x " + secret + " y"))); got != "x [secret] y" {
			t.Errorf("clean() leaves %d bytes of %d", len(got), len(secret)+4)
		}
	}
	const harmless = "a-long-label-of-a-token at https://git.example.com: acme/web, glab-georgina-of-acme"
	if got := string(r.clean([]byte(harmless))); got != harmless {
		t.Errorf("clean() = %q", got)
	}
}
