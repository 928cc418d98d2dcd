//go:build unix

package privatefile_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gitfleet/gitfleet/internal/privatefile"
)

// Users that own nothing on any system.
const nobody, another = 64001, 64002

// asNobody is set for the process that has become nobody.
const asNobody = "GITFLEET_PRIVATEFILE_NOBODY"

// Root may use everything, so that a process of its own becomes somebody else, in a
// folder that it has reached before.
func TestFolder_of_another_user_is_refused(t *testing.T) {
	if os.Getenv(asNobody) != "" {
		becomeNobody()
	}
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder to another user")
	}
	dir := private(t)
	chmod(t, dir, 0o777|fs.ModeSticky)
	for name, owner := range map[string]int{"own": nobody, "theirs": another} {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFolder_of_another_user_is_refused$")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), asNobody+"=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := "own <nil>\nnew <nil>\ntheirs folder theirs belongs to another user\n"
	if got, _, _ := strings.Cut(string(out), "PASS"); got != want {
		t.Errorf("as another user:\n%swant:\n%s", got, want)
	}
}

func becomeNobody() {
	if err := syscall.Setuid(nobody); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, path := range []string{"own", "new", "theirs"} {
		fmt.Println(path, privatefile.Folder(path))
	}
	os.Exit(0)
}
