package gitfleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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

// restore takes over what a file says of the manager's tokens, if there is one.
func restore(m *tokens.Manager, path string) error {
	text, err := readPrivate(path)
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

// save writes what the manager knows to a file, in one go: it is whole or as it
// was, whenever the machine stops.
func save(m *tokens.Manager, path string) error {
	text, err := json.Marshal(m.Snapshot())
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".state-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// readPrivate reads a regular file, and no other through a link in its place.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return os.ReadFile(path)
}
