package ratelimit_test

import (
	"os"
	"testing"
)

// TestObserve_reads_the_corpus runs a file of recorded responses, which is kept
// outside this repository. Every field of every expectation is compared.
func TestObserve_reads_the_corpus(t *testing.T) {
	t.Parallel()
	path := os.Getenv("GITFLEET_CORPUS")
	if path == "" {
		t.Skip("GITFLEET_CORPUS is not set to a file of recorded responses")
	}
	for _, c := range readCases(t, path) {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}
