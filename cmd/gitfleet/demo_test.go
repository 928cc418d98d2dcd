package main

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
)

// demoOutput runs the demo in a bubble, so that its waits take no time.
func demoOutput(t *testing.T, ctx context.Context, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(ctx, append([]string{"demo"}, args...), streams{out: &out, err: &errs}, nil)
	return code, out.String(), errs.String()
}

func TestDemo_lists_every_repository_once_past_a_revoked_and_a_spent_token(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		code, out, errs := demoOutput(t, t.Context())
		if code != exitOK || errs != "" {
			t.Errorf("exit code %d, stderr %q, want 0 and nothing", code, errs)
		}
		for _, want := range []string{
			`(?m)^ +0\.06s  page  1 of 40  served by alice  11 of 12 left$`,
			`(?m)page 40 of 40  served by`,
			`bob: 401, revoked; a probe confirms it, put aside; another goes on`,
			`carol: 403, another program spent its \d+ of 12 left; another goes on`,
			`every token is spent: waiting \d\.\d s`,
			`(?m)^bob +\d+ +invalid: Bad credentials$`,
			`It refused 1 for a limit and 2 for their token\.`,
			`(?m)^2000 of 2000 repositories, each once, in \d+\.\d s$`,
		} {
			if !regexp.MustCompile(want).MatchString(out) {
				t.Errorf("the output does not match %q", want)
			}
		}
		if strings.Contains(out, "\x1b") {
			t.Error("escape sequences in the output of something that is no terminal")
		}
		for _, token := range demoTokens {
			if strings.Contains(out, token.secret) {
				t.Errorf("I1: the output holds the token of %s", token.label)
			}
		}
		if t.Failed() {
			t.Log(out)
		}
	})
}

func TestDemo_that_is_interrupted_says_how_far_it_got(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), demoWindow/2)
		defer cancel()
		code, out, _ := demoOutput(t, ctx)
		if code == exitOK {
			t.Error("exit code 0 of an interrupted demo")
		}
		if !regexp.MustCompile(`(?m)^\d+ of 2000 repositories, each once`).MatchString(out) {
			t.Errorf("the output does not say how far it got:\n%s", out)
		}
	})
}
