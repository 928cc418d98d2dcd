package batch_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gitfleet/gitfleet/batch"
)

func file(t *testing.T) string { return filepath.Join(t.TempDir(), "work.checkpoint") }

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func ids(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("item-%03d", i)
	}
	return all
}

// counting returns its argument in capitals, and how often it was called.
func counting() (func(context.Context, string) (string, error), *atomic.Int64) {
	var calls atomic.Int64
	return func(_ context.Context, id string) (string, error) {
		calls.Add(1)
		return strings.ToUpper(id), nil
	}, &calls
}

func TestCheckpoint_a_batch_goes_on_where_it_was_stopped(t *testing.T) {
	t.Parallel()
	path := file(t)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := batch.Run(ctx, ids(100), func(ctx context.Context, id string) (string, error) {
		if id == "item-040" {
			cancel()
			return "", ctx.Err()
		}
		return strings.ToUpper(id), nil
	}, batch.Config{Checkpoint: path, Concurrency: 3})
	if !errors.Is(err, batch.ErrStopped) || r.Succeeded == 0 {
		t.Fatalf("%d succeeded, %v", r.Succeeded, err)
	}
	fn, calls := counting()
	again, err := batch.Run(t.Context(), ids(100), fn, batch.Config{Checkpoint: path})
	if err != nil {
		t.Fatal(err)
	}
	check(t, again)
	if again.Succeeded != 100 || again.Resumed != r.Succeeded || int(calls.Load()) != 100-r.Succeeded {
		t.Errorf("%d succeeded, %d resumed of %d, %d calls", again.Succeeded, again.Resumed, r.Succeeded, calls.Load())
	}
	for item, err := range again.All() {
		if err != nil || item.Value != strings.ToUpper(item.ID) || item.Resumed == (item.Attempts > 0) {
			t.Errorf("%+v, %v", item, err)
		}
	}
}

func TestCheckpoint_what_failed_runs_again(t *testing.T) {
	t.Parallel()
	path := file(t)
	if _, err := batch.Run(t.Context(), []int{1, 2}, double, batch.Config{Checkpoint: path}); err != nil {
		t.Fatal(err)
	}
	r, err := batch.Run(t.Context(), []int{2, 1, 2}, func(_ context.Context, n int) (int, error) {
		return n, nil
	}, batch.Config{Checkpoint: path})
	if err != nil || r.Results[1] != 1 || r.Results[2] != 4 || r.Resumed != 1 || r.Duplicates != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestCheckpoint_a_stream_hands_out_what_was_done_when_its_turn_comes(t *testing.T) {
	t.Parallel()
	path := file(t)
	fn, calls := counting()
	if _, err := batch.Run(t.Context(), append(ids(50), "not listed later"), fn, batch.Config{Checkpoint: path}); err != nil {
		t.Fatal(err)
	}
	var last batch.Progress
	listed := slices.Concat(ids(60), ids(60))
	var order []string
	for item, err := range batch.Stream(t.Context(), slices.Values(listed), fn, batch.Config{
		Checkpoint: path, Ordered: true, OnProgress: func(p batch.Progress) { last = p },
	}) {
		if err != nil || item.Value != strings.ToUpper(item.ID) {
			t.Errorf("%+v, %v", item, err)
		}
		order = append(order, item.ID)
	}
	if !slices.Equal(order, ids(60)) || calls.Load() != 61 || last.Resumed != 50 || last.Duplicates != 60 || last.Total != 60 {
		t.Errorf("%d items, %d calls, told %+v", len(order), calls.Load(), last)
	}
}

// Values of every shape come back as they were.
func TestCheckpoint_keeps_values_whole(t *testing.T) {
	t.Parallel()
	checkValue(t, "text\nwith \"lines\" and <tags>")
	checkValue(t, []byte{0, 10, 255})
	checkValue(t, map[string][]int{"a": {1, 2}, "b": nil})
	checkValue(t, struct{}{})
	checkValue[*int](t, nil)
	checkValue[any](t, nil)
}

func checkValue[O any](t *testing.T, value O) {
	t.Helper()
	path := file(t)
	for _, resumed := range []int{0, 1} {
		r, err := batch.Run(t.Context(), []string{"x"}, func(context.Context, string) (O, error) {
			return value, nil
		}, batch.Config{Checkpoint: path})
		if err != nil || r.Resumed != resumed || fmt.Sprintf("%#v", r.Results["x"]) != fmt.Sprintf("%#v", value) {
			t.Errorf("%#v came back as %#v, %d resumed, %v", value, r.Results["x"], r.Resumed, err)
		}
	}
}

func TestCheckpoint_tells_items_apart_that_look_alike(t *testing.T) {
	t.Parallel()
	path := file(t)
	items := []string{"\xff", "\xfe", "\ufffd", "", " ", strings.Repeat("long", 100_000)}
	for range 2 {
		r, err := batch.Run(t.Context(), items, func(_ context.Context, id string) ([]byte, error) {
			return []byte(id), nil
		}, batch.Config{Checkpoint: path})
		if err != nil {
			t.Fatal(err)
		}
		for id, value := range r.Results {
			if string(value) != id {
				t.Errorf("%.9q has the value of %.9q", id, value)
			}
		}
	}
	type name string
	type number uint8
	checkItem(t, name("x"))
	checkItem(t, number(7))
	checkItem(t, int64(-7))
	checkItem(t, row{"a", "b"})
}

func checkItem[K comparable](t *testing.T, k K) {
	t.Helper()
	path := file(t)
	for _, resumed := range []int{0, 1} {
		r, err := batch.Run(t.Context(), []K{k}, func(context.Context, K) (int, error) { return 1, nil }, batch.Config{Checkpoint: path})
		if err != nil || r.Resumed != resumed {
			t.Errorf("%v: %d resumed, want %d: %v", k, r.Resumed, resumed, err)
		}
	}
}

// Their JSON may lack what tells two of them apart: {} for all.
func TestCheckpoint_refuses_items_without_a_text(t *testing.T) {
	t.Parallel()
	type hidden struct{ a, b int }
	_, err := batch.Run(t.Context(), []hidden{{1, 2}}, func(context.Context, hidden) (int, error) { return 0, nil }, batch.Config{Checkpoint: file(t)})
	if err == nil || !strings.Contains(err.Error(), "need a method ID() string") {
		t.Errorf("error %v", err)
	}
}

func TestCheckpoint_is_for_its_owner_only(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("windows has no such modes")
	}
	for _, before := range []fs.FileMode{0, 0o644} {
		path := file(t)
		if before != 0 {
			if err := os.WriteFile(path, nil, before); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := batch.Run(t.Context(), []int{2}, double, batch.Config{Checkpoint: path}); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, want 0600 (%v)", info.Mode(), err)
		}
	}
}

// A kill leaves any beginning of the file.
func TestI15_Checkpoint_goes_on_from_any_beginning_of_the_file(t *testing.T) {
	t.Parallel()
	path := file(t)
	fn, _ := counting()
	c := batch.Config{Checkpoint: path, Job: "capitals", Concurrency: 1}
	if _, err := batch.Run(t.Context(), ids(3), fn, c); err != nil {
		t.Fatal(err)
	}
	whole := read(t, path)
	for n := range len(whole) + 1 {
		write(t, path, whole[:n])
		fn, calls := counting()
		r, err := batch.Run(t.Context(), ids(3), fn, c)
		kept := max(0, strings.Count(whole[:n], "\n")-1)
		if err != nil || r.Succeeded != 3 || r.Resumed != kept || int(calls.Load()) != 3-kept {
			t.Errorf("cut at %d: %d succeeded, %d resumed, want %d; %d calls; %v", n, r.Succeeded, r.Resumed, kept, calls.Load(), err)
		}
		if read(t, path) != whole {
			t.Errorf("cut at %d: the file is\n%s", n, read(t, path))
		}
	}
}

func TestCheckpoint_does_not_touch_what_is_not_its_own(t *testing.T) {
	t.Parallel()
	fn, calls := counting()
	good := `{"batch":1,"job":"mine"}` + "\n"
	for name, tt := range map[string]struct{ text, want string }{
		"a diary":          {"dear diary\n", "is not a checkpoint"},
		"a torn diary":     {"dear diary", "is not a checkpoint"},
		"other JSON":       {`{"name":"x"}` + "\n", "is not a checkpoint"},
		"another job":      {`{"batch":1,"job":"yours"}` + "\n", `is of another job ("yours")`},
		"a later version":  {`{"batch":2,"job":"mine"}` + "\n", "has version 2, want 1"},
		"a line of prose":  {good + "dear diary\n", "line 2: "},
		"a line of zeroes": {good + "\x00\x00\n", "line 2: "},
		"a short sum":      {good + `{"sum":"00","id":"x","value":1}` + "\n", "line 2: "},
		"no value":         {good + `{"sum":"00000000000000000000000000000000","id":"x"}` + "\n", "line 2: "},
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t)
			write(t, path, tt.text)
			_, err := batch.Run(t.Context(), ids(1), fn, batch.Config{Checkpoint: path, Job: "mine"})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("Run() error = %v, want %q", err, tt.want)
			}
			if read(t, path) != tt.text || calls.Load() != 0 {
				t.Errorf("%d calls, the file is %q", calls.Load(), read(t, path))
			}
		})
	}
}

func TestCheckpoint_follows_no_link_and_opens_no_folder(t *testing.T) {
	t.Parallel()
	target := file(t)
	write(t, target, "")
	link := file(t)
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	fn, _ := counting()
	for _, path := range []string{link, filepath.Dir(target), filepath.Join(target, "below"), filepath.Join(filepath.Dir(target), "none", "file")} {
		if _, err := batch.Run(t.Context(), ids(1), fn, batch.Config{Checkpoint: path}); err == nil {
			t.Errorf("%s was taken", path)
		}
	}
}

func TestI15_Checkpoint_cuts_a_torn_line_that_is_longer_than_what_comes_next(t *testing.T) {
	t.Parallel()
	path := file(t)
	c := batch.Config{Checkpoint: path}
	fn, calls := counting()
	if _, err := batch.Run(t.Context(), ids(1), fn, c); err != nil {
		t.Fatal(err)
	}
	write(t, path, read(t, path)+`{"sum":"`+strings.Repeat("0", 5000))
	for range 2 { // the second one reads what the first has left
		if r, err := batch.Run(t.Context(), ids(2), fn, c); err != nil || r.Succeeded != 2 {
			t.Fatalf("%d succeeded, %v", r.Succeeded, err)
		}
	}
	if text := read(t, path); calls.Load() != 2 || strings.Count(text, "\n") != 3 || !strings.HasSuffix(text, "}\n") {
		t.Errorf("%d calls, the file has\n%s", calls.Load(), text)
	}
}

func TestCheckpoint_is_of_one_batch_at_a_time(t *testing.T) {
	t.Parallel()
	path := file(t)
	c := batch.Config{Checkpoint: path}
	var inner error
	_, err := batch.Run(t.Context(), []int{2}, func(ctx context.Context, n int) (int, error) {
		_, inner = batch.Run(ctx, []int{2}, double, c)
		return n, nil
	}, c)
	if err != nil {
		t.Fatal(err)
	}
	if inner == nil || !strings.Contains(inner.Error(), "is in use by another batch") {
		t.Errorf("a second batch met %v", inner)
	}
	if _, err := batch.Run(t.Context(), []int{2}, double, c); err != nil {
		t.Errorf("the next batch met %v", err)
	}
}

// A result that cannot be kept would be lost without a word by the next run.
func TestCheckpoint_that_cannot_keep_a_result_ends_the_batch(t *testing.T) {
	t.Parallel()
	r, err := batch.Run(t.Context(), ids(100), func(context.Context, string) (chan int, error) {
		return make(chan int), nil
	}, batch.Config{Checkpoint: file(t), Concurrency: 1})
	check(t, r)
	if !errors.Is(err, batch.ErrStopped) || !strings.Contains(err.Error(), "checkpoint: value of \"item-000\"") || r.Succeeded != 1 {
		t.Errorf("%d succeeded, %v", r.Succeeded, err)
	}
}

func TestCheckpoint_that_cannot_keep_the_last_result_says_so_though_all_succeeded(t *testing.T) {
	t.Parallel()
	r, err := batch.Run(t.Context(), ids(1), func(context.Context, string) (chan int, error) {
		return make(chan int), nil
	}, batch.Config{Checkpoint: file(t)})
	check(t, r)
	if !errors.Is(err, batch.ErrStopped) || r.Succeeded != 1 {
		t.Errorf("%d succeeded, %v", r.Succeeded, err)
	}
}

func TestCheckpoint_values_of_another_type_end_the_batch(t *testing.T) {
	t.Parallel()
	path := file(t)
	fn, _ := counting()
	if _, err := batch.Run(t.Context(), ids(3), fn, batch.Config{Checkpoint: path}); err != nil {
		t.Fatal(err)
	}
	r, err := batch.Run(t.Context(), ids(3), func(context.Context, string) (int, error) { return 1, nil }, batch.Config{Checkpoint: path})
	check(t, r)
	if !errors.Is(err, batch.ErrStopped) || !strings.Contains(err.Error(), "value of") {
		t.Errorf("error %v", err)
	}
}
