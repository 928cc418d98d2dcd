package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
)

// asked runs the tool and returns what it printed, how many requests it sent to
// GitHub, and how many of them were answered 304.
func (w *world) asked(args ...string) (out string, requests, free int) {
	w.t.Helper()
	before := w.github.Stats()
	r := w.run(args...)
	if r.code != exitOK || r.err != "" {
		w.t.Errorf("%v: exit code %d: %s", args, r.code, head(r.err))
	}
	after := w.github.Stats()
	return r.out, after.Requests - before.Requests, after.NotModified - before.NotModified
}

func TestCache_a_second_run_over_what_has_not_changed_costs_nothing(t *testing.T) {
	w := newWorld(t)
	folder := filepath.Join(w.home, "deep", "answers")
	for _, args := range [][]string{
		{"repos", "acme", "-o", "ndjson"},
		{"commits", "acme/repo-0001", "-o", "ndjson"},
		{"repo", "acme/repo-0002", "-o", "ndjson"},
	} {
		args = append(args, "--cache", folder)
		first, asked, free := w.asked(args...)
		if asked == 0 || free != 0 {
			t.Errorf("%v: %d requests, %d of them free", args, asked, free)
		}
		again, askedAgain, freeAgain := w.asked(args...)
		if again != first || askedAgain != asked || freeAgain != asked {
			t.Errorf("%v once more: %d requests, %d of them free, want %d; the same is printed: %v", args, askedAgain, freeAgain, asked, again == first)
		}
	}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if want := map[bool]fs.FileMode{true: 0o700, false: 0o600}[d.IsDir()]; err == nil && info.Mode().Perm() != want && runtime.GOOS != "windows" {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
		}
		if !d.IsDir() && strings.Contains(read(t, path), canary.Mark) {
			t.Errorf("I1: %s holds a token", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Another token is asked for anew, and sees what is its own.
func TestCache_answers_to_a_token_are_not_anothers(t *testing.T) {
	w := newWorld(t)
	w.github = fleettest.NewGitHub(fleettest.Config{
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 3}},
		Accounts: []fleettest.Account{
			{Login: "alice", Tokens: []string{canary.Token("alice")}},
			{Login: "bob", Tokens: []string{canary.Token("bob")}},
		},
	})
	folder := filepath.Join(w.home, "answers")
	for _, tt := range []struct {
		name string
		free bool
	}{{"alice", false}, {"bob", false}, {"alice", true}, {"bob", true}} {
		t.Setenv("GITHUB_TOKENS", tt.name+" "+canary.Token(tt.name))
		for _, args := range [][]string{{"user"}, {"repos", "acme"}} {
			out, asked, free := w.asked(append(args, "--cache", folder)...)
			if asked == 0 || free != 0 && free != asked || (free == asked) != tt.free {
				t.Errorf("%v as %s: %d requests, %d of them free, want all: %v", args, tt.name, asked, free, tt.free)
			}
			if args[0] == "user" && !strings.Contains(out, tt.name) {
				t.Errorf("%s is shown as %s", tt.name, out)
			}
		}
	}
}

func TestCache_keeps_answers_only_where_it_was_asked_to(t *testing.T) {
	w := newWorld(t)
	folder := filepath.Join(w.home, "answers")
	w.file("config/gitfleet/config.yaml", 0o600, "cache: ~/answers\n")
	w.asked("user", "octocat", "--no-state")
	if exists(folder) {
		t.Error("--no-state keeps answers")
	}
	w.run("user", "octocat", "--no-state", "--cache", "x").want(t, exitUsage, "", "--cache and --no-state cannot go together")
	w.asked("user", "octocat")
	if _, asked, free := w.asked("user", "octocat"); asked != 1 || free != 1 {
		t.Errorf("with cache in the configuration: %d requests, %d of them free", asked, free)
	}
	if _, asked, free := w.asked("user", "octocat", "--cache", folder+"2"); asked != 1 || free != 0 {
		t.Errorf("in another folder: %d requests, %d of them free", asked, free)
	}
	for _, wrong := range []string{"true", "''"} {
		w.file("config/gitfleet/config.yaml", 0o600, "cache: "+wrong+"\n")
		w.run("user", "octocat").want(t, exitUsage, "", "line 1: want a folder")
	}
}

func TestCache_in_a_folder_that_others_may_use_is_refused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it has no such modes")
	}
	w := newWorld(t)
	folder := filepath.Join(w.home, "answers")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o755); err != nil { // whatever the umask
		t.Fatal(err)
	}
	w.run("user", "octocat", "--cache", folder).want(t, exitUsage, "", "diskcache: folder "+folder+" has mode 0755, so that others can use it: run chmod 700 on it")
}

// A run does without what cannot be read, and tells of it.
func TestCache_that_fails_fails_no_run(t *testing.T) {
	w := newWorld(t)
	folder := filepath.Join(w.home, "answers")
	w.asked("user", "octocat", "--cache", folder)
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		path := filepath.Join(folder, f.Name())
		if f.IsDir() {
			continue
		}
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path+".away", path); err != nil {
			t.Skip(err)
		}
	}
	w.run("user", "octocat", "--cache", folder).want(t, exitOK, "octocat", "gitfleet: cache: "+folder+" failed ")
}
