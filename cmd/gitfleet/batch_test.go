package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

// owners makes a world with so many users, and the lines that name them.
func owners(t *testing.T, n int) (*world, string) {
	t.Helper()
	w := newWorld(t)
	config := fleettest.Config{Accounts: []fleettest.Account{{Login: "alice", Tokens: []string{canary.Token("alice")}}}}
	var text strings.Builder
	for i := range n {
		login := fmt.Sprintf("owner-%02d", i)
		config.Users = append(config.Users, fleettest.Owner{Login: login, Repositories: 3})
		fmt.Fprintln(&text, login)
	}
	w.github = fleettest.NewGitHub(config)
	w.base = w.github
	return w, text.String()
}

// batchTargets returns the targets of a batch's output, sorted, as far as they
// are ok or not.
func batchTargets(t *testing.T, text string, ok bool) []string {
	t.Helper()
	var all []string
	for line := range strings.Lines(text) {
		var l batchLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("a line is no JSON: %v\n%s", err, head(line))
		}
		if l.OK == ok {
			all = append(all, l.Target)
		}
		if l.OK && len(l.Items) != 3 {
			t.Errorf("%s has %d items, want 3", l.Target, len(l.Items))
		}
	}
	slices.Sort(all)
	return all
}

// listed counts how often the repositories of each owner were asked for.
func listed(w *world) map[string]int {
	times := map[string]int{}
	for _, r := range w.github.Requests() {
		path, _, _ := strings.Cut(r.URL, "?")
		if login, ok := strings.CutSuffix(strings.TrimPrefix(path, "/users/"), "/repos"); ok {
			times[login]++
		}
	}
	return times
}

func TestBatch_reads_every_target_once_and_says_which_failed(t *testing.T) {
	w, text := owners(t, 6)
	w.in = "\ufeff# owners\n" + text + "owner-03  # again\nhttps://github.com/owner-04\nnobody\n\nhttps://git.example.com/x\n"
	r := w.run("batch")
	r.want(t, exitPartial, `{"target":"owner-00","ok":true,"items":[{`, "gitfleet: batch: 2 of 8 targets failed")
	if got := batchTargets(t, r.out, true); len(got) != 6 {
		t.Errorf("read %v, want each owner once", got)
	}
	if got := batchTargets(t, r.out, false); len(got) != 2 || got[1] != "nobody" {
		t.Errorf("failed %v", got)
	}
	if !strings.Contains(r.out, `"target":"nobody","ok":false,"error":"gitfleet: github: fetch repositories of nobody: 404 not found: Not Found"`) {
		t.Errorf("the failure is not told:\n%s", head(r.out))
	}
	for login, times := range listed(w) {
		if login != "nobody" && times != 1 {
			t.Errorf("%s was asked for %d times", login, times)
		}
	}
	w.run("batch", w.file("owners.txt", 0o644, text)).want(t, exitOK, "owner-05", "")
	t.Setenv("GITLAB_TOKENS", canary.Token("gina"))
	w.run("batch").want(t, exitUsage, "", "say which with --provider")
	w.in = "https://github.com/owner-04\n"
	w.run("batch").want(t, exitOK, "owner-04", "")
	w.run("batch", w.home+"/none.txt").want(t, exitUsage, "", "no such file")
}

func TestBatch_other_operations_take_their_own_options(t *testing.T) {
	w, _ := owners(t, 2)
	w.in = "owner-00/repo-0001\nowner-01/repo-0002\n"
	w.run("batch", "--op", "branches", "--limit", "1").want(t, exitOK, `"name":"`, "")
	w.run("batch", "--op", "branches", "--state", "open").want(t, exitUsage, "", "--state means nothing to --op branches")
	w.run("batch", "--op", "stars").want(t, exitUsage, "", `--op is "stars": want one of repos, orgs`)
	w.run("batch", "--targets", "0").want(t, exitUsage, "", "--targets is 0")
}

// Wherever a batch is interrupted, the next run asks for nothing again that is
// done, and in the end each target is in the output once.
func TestI15_Batch_goes_on_after_an_interrupt_without_asking_anything_twice(t *testing.T) {
	for _, after := range []int64{1, 2, 5, 9, 17} {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			w, text := owners(t, 20)
			file := w.file("owners.txt", 0o644, text)
			out := w.home + "/out.ndjson"
			ctx, cancel := context.WithCancel(t.Context())
			var count atomic.Int64
			sim := w.github
			w.base = roundTripper(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/repos") && count.Add(1) == after {
					cancel()
				}
				return sim.RoundTrip(r)
			})
			w.runIn(ctx, "batch", file, "-O", out).want(t, exitInterrupted, "", "interrupted")
			done := batchTargets(t, read(t, out), true)
			before := listed(w)
			w.base = sim
			w.run("batch", file, "-O", out).want(t, exitOK, "", "")
			if got := batchTargets(t, read(t, out), true); len(got) != 20 || len(slices.Compact(got)) != 20 {
				t.Errorf("the output has %v", got)
			}
			for _, login := range done {
				if listed(w)[login] != before[login] {
					t.Errorf("%s was done and asked for again", login)
				}
			}
		})
	}
}

// A kill leaves any beginning of the two files that has the output ahead of the
// notes.
func TestI15_Batch_goes_on_after_a_kill_at_any_instant(t *testing.T) {
	w, text := owners(t, 4)
	file := w.file("owners.txt", 0o644, text)
	out := w.home + "/out.ndjson"
	w.run("batch", file, "-O", out, "--targets", "1", "--raw=false").want(t, exitOK, "", "")
	whole, notes := read(t, out), read(t, out+".resume")
	noteLines := strings.SplitAfter(notes, "\n")
	outLines := strings.SplitAfter(whole, "\n")
	long := `{"target":"another","ok":true,"items":["` + strings.Repeat("x", 3*len(whole))
	for done := range 4 {
		for _, outTail := range []string{"", outLines[done][:1], outLines[done][:len(outLines[done])/2], outLines[done], long} {
			for _, noteTail := range []string{"", noteLines[done+1][:1], strings.TrimSuffix(noteLines[done+1], "\n"), long[:9999]} {
				if noteTail != "" && outTail != outLines[done] {
					continue // the note comes after the line
				}
				w.file("out.ndjson", 0o644, strings.Join(outLines[:done], "")+outTail)
				w.file("out.ndjson.resume", 0o600, strings.Join(noteLines[:done+1], "")+noteTail)
				before := listed(w)
				w.run("batch", file, "-O", out, "--targets", "1", "--raw=false").want(t, exitOK, "", "")
				if got := read(t, out); got != whole {
					t.Errorf("killed after %d with %d and %d bytes more: the output differs:\n%s", done, len(outTail), len(noteTail), head(got))
				}
				w.run("batch", file, "-O", out, "--targets", "1", "--raw=false").want(t, exitOK, "", "") // the notes are whole again
				if got := read(t, out+".resume"); got != notes {
					t.Errorf("killed after %d: the notes differ:\n%s", done, head(got))
				}
				for i := range done {
					if login := fmt.Sprintf("owner-%02d", i); listed(w)[login] != before[login] {
						t.Errorf("%s was done and asked for again", login)
					}
				}
			}
		}
	}
}

func TestBatch_targets_that_failed_are_tried_again_and_stand_in_the_file_once(t *testing.T) {
	w, text := owners(t, 3)
	file := w.file("owners.txt", 0o644, text)
	out := w.home + "/out.ndjson"
	w.github.Inject(fleettest.Fault{
		Match: func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/users/owner-01/repos") },
		Times: 1, Status: http.StatusGone,
	})
	w.run("batch", file, "-O", out).want(t, exitPartial, "", "1 of 3 targets failed")
	if got := batchTargets(t, read(t, out), false); !slices.Equal(got, []string{"owner-01"}) {
		t.Errorf("failed are %v", got)
	}
	w.run("batch", file, "-O", out).want(t, exitOK, "", "")
	if text := read(t, out); len(batchTargets(t, text, false)) != 0 || len(batchTargets(t, text, true)) != 3 {
		t.Errorf("the output is\n%s", text)
	}
	if got := listed(w); got["owner-00"] != 1 || got["owner-01"] != 2 {
		t.Errorf("asked %v", got)
	}
}

func TestBatch_does_not_touch_the_files_of_others(t *testing.T) {
	w, text := owners(t, 1)
	file := w.file("owners.txt", 0o644, text)
	diary := w.file("diary.txt", 0o644, "dear diary\n")
	w.run("batch", file, "-O", diary).want(t, exitUsage, "", "exists and is not of this batch")
	w.run("batch", file, "--resume", diary).want(t, exitUsage, "", "is not what gitfleet batch has written")
	w.run("batch", file, "-O", diary).want(t, exitUsage, "", "exists and is not of this batch") // and again
	w.run("batch", file, "--resume", w.home+"/notes").want(t, exitOK, "owner-00", "")
	w.run("batch", file, "--resume", w.home+"/notes", "-O", diary).want(t, exitUsage, "", "is of another batch")
	if read(t, diary) != "dear diary\n" {
		t.Error("the diary has changed")
	}
	out := w.home + "/out.ndjson"
	w.run("batch", file, "-O", out).want(t, exitOK, "", "")
	w.run("batch", file, "-O", out, "--limit", "1").want(t, exitUsage, "", "is of another batch (op=repos output-file=out.ndjson)")
	if err := os.Remove(out); err != nil {
		t.Fatal(err)
	}
	w.run("batch", file, "-O", out).want(t, exitUsage, "", "there is no "+out)
}

// Whoever comes while a batch runs is refused, under whatever name it keeps its
// notes, and what the first one writes is whole.
func TestI15_Batch_refuses_files_that_another_batch_uses(t *testing.T) {
	w, text := owners(t, 3)
	file := w.file("owners.txt", 0o644, text)
	out, notes := w.home+"/out.ndjson", w.home+"/notes"
	sim := w.github
	var once sync.Once
	w.base = roundTripper(func(r *http.Request) (*http.Response, error) {
		once.Do(func() {
			w.base = sim
			w.run("batch", file, "-O", out).want(t, exitUsage, "", out+".resume is in use by another batch")
			w.run("batch", file, "-O", out, "--resume", notes).want(t, exitUsage, "", out+" is in use by another batch")
			w.run("batch", file, "--resume", out).want(t, exitUsage, "", out+" is in use by another batch")
		})
		return sim.RoundTrip(r)
	})
	w.run("batch", file, "-O", out).want(t, exitOK, "", "")
	if got := batchTargets(t, read(t, out), true); len(got) != 3 {
		t.Errorf("the output has %v", got)
	}
	w.run("batch", file, "-O", out).want(t, exitOK, "", "") // nobody uses it any more
}

func TestBatch_keeps_its_notes_in_a_file_for_its_owner_and_behind_no_link(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes on Windows")
	}
	w, text := owners(t, 1)
	file, out := w.file("owners.txt", 0o644, text), w.home+"/out.ndjson"
	w.run("batch", file, "-O", out).want(t, exitOK, "", "")
	if info, err := os.Stat(out + ".resume"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	theirs := w.file("theirs", 0o600, "theirs")
	if err := os.Symlink(theirs, out+"2.resume"); err != nil {
		t.Fatal(err)
	}
	w.run("batch", file, "-O", out+"2").want(t, exitUsage, "", "is a symbolic link and is not followed")
	if got := read(t, theirs); got != "theirs" {
		t.Errorf("the link's target has %q", got)
	}
}

func TestBatch_targets_that_failed_come_in_the_order_of_the_list(t *testing.T) {
	w, _ := owners(t, 2)
	w.in = "nobody-9\nowner-01\nhttps://git.example.com/x\nnobody-1\nowner-00\nnobody-5\n"
	r := w.run("batch")
	r.want(t, exitPartial, "nobody", "4 of 6 targets failed")
	var failed []string
	for line := range strings.Lines(r.out) {
		if text, ok := strings.CutPrefix(line, `{"target":"`); ok && strings.Contains(line, `"ok":false`) {
			target, _, _ := strings.Cut(text, `"`)
			failed = append(failed, target)
		}
	}
	if want := []string{"nobody-9", "https://git.example.com/x", "nobody-1", "nobody-5"}; !slices.Equal(failed, want) {
		t.Errorf("failed are %v, want %v", failed, want)
	}
}

// Those who wait for tokens do so themselves: the batch does not begin to wait
// once more, and leaves the rest alone.
func TestI9_Batch_without_tokens_left_ends_at_once(t *testing.T) {
	w, text := owners(t, 9)
	w.in = text
	asked := 0
	w.base = roundTripper(func(r *http.Request) (*http.Response, error) {
		asked++
		return nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: tokens.ErrRateLimited}
	})
	w.run("batch", "--targets", "1", "--max-wait", "0").want(t, exitSpent, "", "rate limited")
	if asked > 5 {
		t.Errorf("%d requests, want no target after the first", asked)
	}
}

func TestBatch_with_resume_and_standard_output_goes_on_where_it_was(t *testing.T) {
	w, text := owners(t, 3)
	notes := w.home + "/notes"
	w.in = text
	first := w.run("batch", "--resume", notes)
	first.want(t, exitOK, "owner-00", "")
	w.in = text + "alice\n"
	second := w.run("batch", "--resume", notes)
	second.want(t, exitOK, `{"target":"alice","ok":true,"items":[]}`, "")
	if strings.Contains(second.out, "owner-") {
		t.Errorf("written again:\n%s", second.out)
	}
}

func TestI15_Batch_that_cannot_write_stops_and_takes_nothing_for_done(t *testing.T) {
	w, text := owners(t, 9)
	notes := w.home + "/notes"
	code := run(t.Context(), []string{"batch", "--targets", "1", "--resume", notes}, streams{in: strings.NewReader(text), out: full{}, err: io.Discard}, w.base)
	if n := len(listed(w)); code != exitFailed || n > 3 {
		t.Errorf("exit code %d after %d owners, want 1 at once", code, n)
	}
	w.in = text
	if r := w.run("batch", "--resume", notes); len(batchTargets(t, r.out, true)) != 9 {
		t.Errorf("the next run wrote only\n%s", head(r.out))
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

func TestBatch_shows_a_bar_on_a_terminal_only(t *testing.T) {
	w, text := owners(t, 3)
	bar := func(interrupt bool) (out, errs string) {
		var o, e strings.Builder
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		tripper := roundTripper(func(r *http.Request) (*http.Response, error) {
			if interrupt && strings.HasPrefix(r.URL.Path, "/users/owner-02/") {
				cancel()
			}
			return w.github.RoundTrip(r)
		})
		run(ctx, []string{"batch", "--targets", "1"}, streams{in: strings.NewReader(text), out: &o, err: &e, progress: true}, tripper)
		return o.String(), e.String()
	}
	out, errs := bar(false)
	if !strings.Contains(errs, "2/3") || !strings.HasSuffix(errs, "\r") || strings.Contains(out, "/3") {
		t.Errorf("stderr %q, want a bar that is gone in the end", errs)
	}
	if _, errs = bar(true); !strings.HasSuffix(errs, "\rgitfleet: interrupted\n") {
		t.Errorf("stderr %q, want the message on a line of its own", errs)
	}
}
