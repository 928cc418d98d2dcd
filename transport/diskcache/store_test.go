package diskcache_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/transport"
	"github.com/gitfleet/gitfleet/transport/diskcache"
)

var _ transport.Store = (*diskcache.Store)(nil)

func open(t testing.TB, folder string, most int64) *diskcache.Store {
	t.Helper()
	s, err := diskcache.Open(folder, most)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func key(i int) string { return fmt.Sprintf("%064x", i) }

func get(t testing.TB, s *diskcache.Store, key string) string {
	t.Helper()
	v, err := s.Get(t.Context(), key)
	if err != nil {
		t.Error(err)
	}
	return string(v)
}

func set(t testing.TB, s *diskcache.Store, key, value string) {
	t.Helper()
	if err := s.Set(t.Context(), key, []byte(value)); err != nil {
		t.Error(err)
	}
}

func TestStore_keeps_values_for_the_next_process(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "a", "cache")
	s := open(t, folder, 0)
	set(t, s, key(1), "one")
	set(t, s, key(1), "uno")
	set(t, s, key(2), "")
	next := open(t, folder, 0)
	if a, b := get(t, next, key(1)), get(t, next, key(3)); a != "uno" || b != "" {
		t.Errorf("values %q and %q", a, b)
	}
	if v, err := next.Get(t.Context(), key(2)); v == nil || err != nil {
		t.Errorf("an empty value is %v, %v", v, err)
	}
	for range 2 {
		if err := next.Delete(t.Context(), key(1)); err != nil {
			t.Error(err)
		}
	}
	if got := get(t, s, key(1)); got != "" {
		t.Errorf("%q is still there", got)
	}
}

func TestStore_is_for_its_user_alone(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no such bits")
	}
	folder := filepath.Join(t.TempDir(), "cache")
	s := open(t, folder, 0)
	set(t, s, key(1), "one")
	for path, want := range map[string]os.FileMode{folder: 0o700, filepath.Join(folder, "tmp"): 0o700, filepath.Join(folder, key(1)): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want mode %o", path, info.Mode(), err, want)
		}
	}
	wide := t.TempDir()
	if err := os.Chmod(wide, 0o750); err != nil {
		t.Fatal(err)
	}
	if _, err := diskcache.Open(wide, 0); err == nil || !strings.Contains(err.Error(), "run chmod 700 on it") {
		t.Errorf("a folder that others may read: %v", err)
	}
	if err := os.Chmod(wide, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := diskcache.Open(filepath.Join(wide, "cache"), 0); err == nil || !strings.Contains(err.Error(), "everybody can exchange") {
		t.Errorf("a folder that everybody may exchange: %v", err)
	}
}

func TestStore_follows_no_symbolic_link(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	real := filepath.Join(base, "real")
	s := open(t, real, 0)
	secret := filepath.Join(base, "secret")
	set(t, s, key(9), "one")
	good, err := os.ReadFile(filepath.Join(real, key(9)))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(secret, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(real, key(1))); err != nil {
		t.Skip(err)
	}
	if v, err := s.Get(t.Context(), key(1)); v != nil || err == nil {
		t.Errorf("through a link: %q, %v", v, err)
	}
	set(t, s, key(1), "two")
	if now, err := os.ReadFile(secret); err != nil || !bytes.Equal(now, good) {
		t.Errorf("what a link led to was written: %q, %v", now, err)
	}
	if got := get(t, s, key(1)); got != "two" {
		t.Errorf("%q in the link's place, want two", got)
	}
	link := filepath.Join(base, "link")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	if _, err := diskcache.Open(link, 0); err == nil {
		t.Error("a folder that is a link was opened")
	}
}

func TestStore_takes_a_damaged_file_for_none(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "cache")
	s := open(t, folder, 0)
	set(t, s, key(1), "a value")
	path := filepath.Join(folder, key(1))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		changed := bytes.Clone(whole)
		changed[n] ^= 1
		for _, damaged := range [][]byte{whole[:n], changed} {
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			if v, err := s.Get(t.Context(), key(1)); v != nil || err != nil {
				t.Errorf("%q reads as %q, %v", damaged, v, err)
			}
		}
	}
}

func TestStore_stays_within_its_bound_and_removes_the_oldest(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "cache")
	s := open(t, folder, 2000)
	for i := range 10 {
		set(t, s, key(i), strings.Repeat("x", 96))
		old := time.Now().Add(time.Duration(i-100) * time.Hour)
		if err := os.Chtimes(filepath.Join(folder, key(i)), old, old); err != nil {
			t.Fatal(err)
		}
	}
	get(t, s, key(0)) // is used, and not the oldest any more
	other := open(t, folder, 2000)
	for i := 10; i < 21; i++ {
		set(t, other, key(i), strings.Repeat("x", 96))
	}
	if get(t, s, key(1)) != "" || get(t, s, key(0)) == "" || get(t, s, key(20)) == "" {
		t.Error("the oldest is there, or another is not")
	}
	if open(t, folder, 500); total(t, folder) > 500 {
		t.Errorf("%d bytes, want at most 500", total(t, folder))
	}
}

func TestStore_frees_a_tenth_at_a_time_and_counts_what_stands_around_values(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "cache")
	s := open(t, folder, 1000)
	for i := range 11 {
		set(t, s, key(i), strings.Repeat("x", 96)) // with its sum 100
	}
	if got := total(t, folder); got != 900 {
		t.Errorf("%d bytes after the bound of 1000 was passed, want 900", got)
	}
	folder = filepath.Join(t.TempDir(), "cache")
	s = open(t, folder, 100)
	for i := range 30 {
		set(t, s, key(i), "") // its sum alone
	}
	if got := total(t, folder); got > 100 {
		t.Errorf("%d bytes of empty values, want at most 100", got)
	}
}

func TestStore_notes_the_use_of_a_value_once_a_minute(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "cache")
	s := open(t, folder, 0)
	set(t, s, key(1), "one")
	for ago, noted := range map[time.Duration]bool{30 * time.Second: false, 2 * time.Minute: true} {
		before := time.Now().Add(-ago).Truncate(time.Second)
		if err := os.Chtimes(filepath.Join(folder, key(1)), before, before); err != nil {
			t.Fatal(err)
		}
		get(t, s, key(1))
		info, err := os.Stat(filepath.Join(folder, key(1)))
		if err != nil {
			t.Fatal(err)
		}
		if info.ModTime().After(before) != noted {
			t.Errorf("used %v after the last time: noted %t, want %t", ago, !noted, noted)
		}
	}
}

func total(t testing.TB, folder string) (bytes int64) {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := f.Info(); err == nil && !f.IsDir() {
			bytes += info.Size()
		}
	}
	return bytes
}

func TestStore_refuses_keys_that_are_none(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "cache"), 0)
	for _, k := range []string{"", "../../etc/passwd", strings.Repeat("g", 64), strings.Repeat("A", 64), key(1)[1:], "tmp"} {
		_, err := s.Get(t.Context(), k)
		if err == nil || s.Set(t.Context(), k, nil) == nil || s.Delete(t.Context(), k) == nil {
			t.Errorf("key %q is accepted", k)
		}
	}
}

// A process that is killed while it writes leaves whole values, and two
// processes do not disturb each other.
func TestStore_survives_a_process_that_is_killed(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "cache")
	s := open(t, folder, 0)
	for range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStore_writes_until_it_is_killed$")
		cmd.Env = append(os.Environ(), "GITFLEET_DISKCACHE_FOLDER="+folder)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 1)); err != nil { // it is at work
			t.Error(err)
		}
		for i := range 200 {
			set(t, s, key(i%5), valueOf(i))
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		for i := range 5 {
			v := get(t, s, key(i))
			if n := len(v); n > 0 && v != strings.Repeat(v[:1], n) {
				t.Errorf("value %d is mixed of several", i)
			}
		}
	}
	next := open(t, folder, 0)
	set(t, next, key(1), "again")
	if got := get(t, s, key(1)); got != "again" {
		t.Errorf("%q, want again", got)
	}
}

func valueOf(i int) string { return strings.Repeat(string(rune('a'+i%26)), 1+i*997%100_000) }

// It is the process that is killed.
func TestStore_writes_until_it_is_killed(t *testing.T) {
	folder := os.Getenv("GITFLEET_DISKCACHE_FOLDER")
	if folder == "" {
		t.Skip("it is for another test")
	}
	s := open(t, folder, 0)
	fmt.Println()
	for i := 0; ; i++ {
		set(t, s, key(i%5), valueOf(i))
	}
}

func TestStore_removes_what_a_killed_process_has_left(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "cache")
	open(t, folder, 0)
	old, young := filepath.Join(folder, "tmp", "old"), filepath.Join(folder, "tmp", "young")
	for _, path := range []string{old, young} {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(old, before, before); err != nil {
		t.Fatal(err)
	}
	open(t, folder, 0)
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("the old one: %v", err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("the young one: %v", err)
	}
}

func TestStore_serves_many_at_once(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "cache")
	var wg sync.WaitGroup
	for range 4 {
		s := open(t, folder, 300_000)
		wg.Go(func() {
			for i := range 100 {
				set(t, s, key(i%7), valueOf(i))
				get(t, s, key((i+3)%7))
				if i%10 == 0 {
					_ = s.Delete(t.Context(), key(i%7))
				}
			}
		})
	}
	wg.Wait()
}
