package tokens

import (
	"errors"
	"strings"
)

// tokenPrefixes begin the tokens that hosts issue today (GitHub Docs, "About
// authentication to GitHub"; GitLab docs, "Token prefixes"; Atlassian Support,
// "Access tokens" and "API tokens").
var tokenPrefixes = []string{
	"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_",
	"glpat-", "gloas-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-",
	"ATCTT3", "ATATT3", "ATBB", "eyJ",
}

// checkLabel refuses a label that may be a secret in the wrong place. Labels are
// printed, and two tokens with a space instead of a comma between them, or one
// that was wrapped when it was pasted, look like a label and a secret.
func checkLabel(label, secret string) error {
	if secret != "" && strings.Contains(label, secret) {
		return errors.New("its label holds the secret: labels are printed")
	}
	for _, prefix := range tokenPrefixes {
		if strings.HasPrefix(label, prefix) {
			return errors.New("its label looks like a token: labels are printed, and tokens are separated by commas")
		}
	}
	return nil
}

// checkEntryLabel is stricter, for labels that stand beside secrets in a text: old
// tokens and those of self-managed hosts have no prefix.
func checkEntryLabel(label, secret string) error {
	if len(label) >= 20 && !strings.ContainsAny(label, "-_./@+") {
		return errors.New("its label looks like a token (20 characters or more without a separator): labels are printed")
	}
	return checkLabel(label, secret)
}
