package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
)

func FuzzConfiguration(f *testing.F) {
	for _, s := range []string{
		"tokens:\n  - secret: %s\n    label: a\n", "tokens: %s\n", "- %s", "provider: %s\n", "%s: x", "a: &a [*a, %s]", "tokens:\n  - {secret: !!binary %s}\n", "\t%s", "max_wait: %s",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ReplaceAll(text, "%s", canary.Token("fuzzed"))
		_, err := parseConfiguration([]byte(text), func(string) (string, bool) { return "", false }, &redactor{})
		if err != nil && strings.Contains(err.Error(), canary.Mark) {
			t.Fatal("the error quotes the file")
		}
	})
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2026-01-31", "2026-01-31T12:00:00Z", "36h", "30d", "-1d", "107000000000000d", "1e9h"} {
		f.Add(s)
	}
	now := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		at, err := parseTime(text, now)
		if ago := strings.HasSuffix(text, "d") || strings.HasSuffix(text, "h"); err == nil && ago && at.After(now) {
			t.Fatalf("%q is %v, which is not in the past", text, at)
		}
	})
}

func FuzzJournal(f *testing.F) {
	f.Add("{\"batch\":\"x\"}\n{\"done\":\"a\",\"length\":3}\n{\"do")
	f.Add("\n")
	f.Add("{}\n")
	f.Fuzz(func(t *testing.T, text string) {
		name := filepath.Join(t.TempDir(), "notes")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		notes, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer notes.Close()
		j := &journal{notes: notes, known: map[string]bool{}}
		size, err := j.replay(name, "x")
		if whole := int64(strings.LastIndexByte(text, '\n') + 1); err == nil && size != whole {
			t.Fatalf("%d bytes are whole, want %d", size, whole)
		}
	})
}
