package gitfleet_test

import (
	"os/exec"
	"strings"
	"testing"
)

// docs/security.md promises it, and one line could break it unseen.
func TestSource_never_skips_the_verification_of_certificates(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "git", "ls-files", "*.go").Output()
	if err != nil {
		t.Skip("this is no clone: ", err)
	}
	for name := range strings.Lines(string(out)) {
		name = strings.TrimSpace(name)
		if !strings.HasSuffix(name, "_test.go") && strings.Contains(page(t, name), "InsecureSkip"+"Verify") {
			t.Errorf("%s skips the verification of certificates", name)
		}
	}
}
