package batch_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/batch"
)

const killItems = 900

// killed names the folder of the process that TestI15_… kills; that process runs
// the batch instead of the tests.
const killed = "GITFLEET_BATCH_KILLED"

func TestMain(m *testing.M) {
	if folder := os.Getenv(killed); folder != "" {
		os.Exit(victim(folder))
	}
	os.Exit(m.Run())
}

// victim runs a batch, notes each call in a file, prints a line for each item
// that it is handed, and goes on when it has read one.
func victim(folder string) int {
	calls, err := os.OpenFile(filepath.Join(folder, "calls"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 1
	}
	fn := func(_ context.Context, id string) (string, error) {
		_, err := fmt.Fprintln(calls, id)
		return strings.ToUpper(id), err
	}
	goOn := bufio.NewReader(os.Stdin)
	c := batch.Config{Checkpoint: filepath.Join(folder, "checkpoint"), Job: "kill", Concurrency: 4}
	for item, err := range batch.Stream(context.Background(), slices.Values(ids(killItems)), fn, c) {
		if err != nil || item.Value != strings.ToUpper(item.ID) {
			fmt.Println("error", item, err)
			return 1
		}
		fmt.Println(item.ID, item.Resumed)
		if _, err := goOn.ReadString('\n'); err != nil {
			return 1
		}
	}
	return 0
}

func TestI15_Checkpoint_survives_kill_9(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	kept := map[string]bool{} // items whose line was whole when a process was killed
	kills := 0
	for after := 1; ; after += 29 {
		before := strings.Count(calls(t, folder), "\n")
		printed, whole := runVictim(t, folder, after)
		for _, id := range strings.Fields(calls(t, folder)[before*len("item-000\n"):]) {
			if kept[id] {
				t.Errorf("%s was done and ran again", id)
			}
		}
		for _, id := range printed {
			kept[id] = true
		}
		lines := strings.SplitAfter(read(t, filepath.Join(folder, "checkpoint")), "\n")
		for _, line := range lines[1:] {
			if i := strings.Index(line, "item-"); i >= 0 && strings.HasSuffix(line, "\n") {
				kept[line[i:i+len("item-000")]] = true
			}
		}
		if whole {
			slices.Sort(printed)
			if !slices.Equal(printed, ids(killItems)) {
				t.Errorf("in the end %d items came, want %d, each once", len(printed), killItems)
			}
			break
		}
		kills++
	}
	if kills < 5 {
		t.Errorf("only %d processes were killed", kills)
	}
	// What ran when a process was killed runs again, nothing else.
	if n := strings.Count(calls(t, folder), "\n"); n > killItems+4*kills {
		t.Errorf("%d calls for %d items and %d kills of 4 workers", n, killItems, kills)
	}
}

// calls returns the IDs that the function was called with, a line each.
func calls(t *testing.T, folder string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "calls"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

// runVictim kills a process when it has printed so many items, and returns what
// it printed, and whether it came to its end before.
func runVictim(t *testing.T, folder string, after int) (printed []string, whole bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), killed+"="+folder)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	fresh := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		id, resumed, _ := strings.Cut(lines.Text(), " ")
		if id == "error" {
			t.Error(lines.Text())
		}
		printed = append(printed, id)
		if resumed == "false" {
			fresh++
		}
		if fresh == after {
			_ = cmd.Process.Kill() // kill -9
			break
		}
		_, _ = in.Write([]byte{'\n'}) // the end of a process is told by Wait
	}
	return printed, cmd.Wait() == nil
}
