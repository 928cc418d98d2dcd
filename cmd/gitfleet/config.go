package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/internal/privatefile"
	"github.com/gitfleet/gitfleet/tokens"
)

// configuration is what the configuration file says. docs/cli.md describes it.
type configuration struct {
	provider tokens.ProviderType // the default one
	maxWait  *time.Duration
	timeout  time.Duration // of one request; 0 is the default
	noState  bool
	record   bool   // calls
	usage    string // the file to record them in; "" is the default one
	cache    string // the folder to keep answers in; "" is none
	caFile   string
	proxy    string
	gh, glab bool
	tokens   []tokenEntry
	literal  bool // a secret stands in the file itself
}

// tokenEntry is one of the tokens, or one place to get some from. Exactly one of
// secret, command, keychain and file is set.
type tokenEntry struct {
	line     int
	token    tokens.Token // all but the secret, as declared
	secret   string
	command  []string
	keychain string // service/user
	file     string
}

// configPath returns where the configuration is: --config, else below
// $XDG_CONFIG_HOME, else below ~/.config (XDG Base Directory Specification).
func (t *tool) configPath() string {
	if t.flags.config != "" {
		return t.flags.config
	}
	return filepath.Join(configHome(), "gitfleet", "config.yaml")
}

func configHome() string {
	if dir := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ".config"
	}
	return filepath.Join(home, ".config")
}

// configure reads the configuration. Without a file it is empty, unless one was
// asked for. One that others can change is refused, since it names commands to
// run.
func (t *tool) configure() (*configuration, error) {
	path := t.configPath()
	text, mode, err := privatefile.Read(path, maxConfig)
	if errors.Is(err, fs.ErrNotExist) && t.flags.config == "" {
		return &configuration{}, nil
	}
	if err != nil {
		return nil, &usageError{err: fmt.Errorf("configuration: %w", err)}
	}
	c, err := parseConfiguration(text, os.LookupEnv, t.hide)
	if err == nil {
		err = checkMode(path, mode, c.literal)
	}
	if err != nil {
		return nil, &usageError{err: fmt.Errorf("configuration %s: %w", path, err)}
	}
	return c, nil
}

// maxConfig bounds the configuration file, in bytes.
const maxConfig = 1 << 20

// checkMode refuses a file with secrets that others can read.
func checkMode(path string, mode fs.FileMode, secrets bool) error {
	if secrets && mode&0o077 != 0 && runtime.GOOS != "windows" { // its access list says it there, and is not looked at
		return fmt.Errorf("it holds a secret and has mode %#o, so that others can read it: run chmod 600 %s", mode, path)
	}
	return nil
}

// home replaces a leading ~/ by the user's own directory.
func home(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok {
		return path
	}
	dir, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return filepath.Join(dir, rest)
}
