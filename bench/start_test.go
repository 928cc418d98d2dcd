package bench

import (
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const starts = 60

// TestStart prints how long the command line takes to say its version, from the
// call to the end of the process, and how large it is. GITFLEET_COMMAND is the
// binary, built as it is released; without it there is nothing to measure.
func TestStart(t *testing.T) {
	binary := os.Getenv("GITFLEET_COMMAND")
	if binary == "" {
		t.Skip("GITFLEET_COMMAND is not set")
	}
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	var took []time.Duration
	var said []byte
	for range starts {
		cmd := exec.Command(binary, "version")
		start := time.Now()
		if said, err = cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	t.Logf("%s: %.1f ms at least, %.1f ms in the middle of %d; %.1f MiB", strings.TrimSpace(string(said)),
		ms(took[0]), ms(took[len(took)/2]), starts, float64(info.Size())/(1<<20))
	if runtime.GOOS == "linux" {
		alone(t, binary)
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// alone fails if a binary needs a loader or libraries.
func alone(t *testing.T, binary string) {
	t.Helper()
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("it wants a loader: it is not static")
		}
	}
	libraries, err := f.ImportedLibraries()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) || len(libraries) > 0 {
		t.Errorf("it wants libraries: %q, %v", libraries, err)
	}
}
