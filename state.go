package gitfleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gitfleet/gitfleet/internal/privatefile"
	"github.com/gitfleet/gitfleet/tokens"
)

// StatePath returns where programs keep what a fleet knows between runs:
// $XDG_STATE_HOME/name/state.json, or below ~/.local/state if that is unset (XDG
// Base Directory Specification).
func StatePath(name string) (string, error) {
	if home := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, name, "state.json"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("gitfleet: state: %w: set XDG_STATE_HOME", err)
	}
	return filepath.Join(home, ".local", "state", name, "state.json"), nil
}

// maxState bounds the state that is read, in bytes: some hundred thousand tokens.
const maxState = 256 << 20

// restore takes over what a file says of the manager's tokens, if there is one.
func restore(m *tokens.Manager, path string) error {
	text, _, err := privatefile.Read(path, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var s tokens.Snapshot
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("%s is not what a fleet has written: %w: remove it", path, err)
	}
	_, err = m.Restore(s)
	return err
}

// save writes what the manager knows to a file, for its owner only.
func save(m *tokens.Manager, path string) error {
	text, err := json.Marshal(m.Snapshot())
	if err != nil {
		return err
	}
	return privatefile.Write(path, text)
}
