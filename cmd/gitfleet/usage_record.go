package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	_ "modernc.org/sqlite" // the driver of the usage file

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/internal/privatefile"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	"github.com/gitfleet/gitfleet/usage"
)

// flushTime bounds how long a run stays for what is not recorded yet, and
// lockTime how long one attempt waits for other processes that write.
const (
	flushTime = 2 * time.Second
	lockTime  = time.Second
)

// defaultUsageFile returns where calls are recorded if no file is named: beside
// what is known of limits.
func defaultUsageFile() (string, error) {
	state, err := gitfleet.StatePath("gitfleet")
	return filepath.Join(filepath.Dir(state), "usage.db"), err
}

// recordTo returns the file to record calls in, "" if none was asked for.
func (t *tool) recordTo(cmd *cobra.Command, c *configuration) (string, error) {
	switch {
	case t.flags.usage != "" && t.flags.noState && cmd.Flags().Changed("no-state"):
		return "", usagef(cmd, "--usage and --no-state cannot go together")
	case t.flags.usage != "":
		return t.flags.usage, nil
	case t.flags.noState:
		return "", nil
	case c.usage != "" || !c.record:
		return c.usage, nil
	}
	path, err := defaultUsageFile()
	if err != nil { // as in a container without a home
		fmt.Fprintln(t.err, line(err))
		return "", nil
	}
	return path, nil
}

// recording keeps account of the calls of a run in a file. Nothing of it fails a run.
type recording struct {
	*usage.Recorder
	file *usageFile

	mu    sync.Mutex
	fault error // the first one
}

// newRecording returns a recording in the file at path, which is opened when there
// is something to record, and then not by whoever calls. Without a path it is nil.
func newRecording(path string, m *tokens.Manager, hide *redactor) *recording {
	if path == "" {
		return nil
	}
	l := &recording{file: &usageFile{path: path, hide: hide}}
	l.Recorder = usage.NewRecorder(l.file, usage.Config{Lookup: m.Lookup, OnError: l.note})
	return l
}

// attach has hooks tell the recording of calls.
func (l *recording) attach(h *transport.Hooks) {
	if l != nil {
		recorded := l.Hooks()
		h.Answer, h.Done = recorded.Answer, recorded.Done
	}
}

// note keeps the first error, without the recorder's own words.
func (l *recording) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault == nil {
		l.fault = cmp.Or(errors.Unwrap(err), err)
	}
}

// close records the rest, and returns what was not recorded.
func (l *recording) close() error {
	if l == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTime) // also after Ctrl-C
	defer cancel()
	if err := l.Close(ctx); err != nil {
		l.note(err)
	}
	l.file.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault == nil {
		return nil
	}
	c := l.Counts()
	return fmt.Errorf("usage: %d calls are not recorded in %s: %w", c.Lost+c.Dropped+c.Queued, l.file.path, l.fault)
}

// usageFile is a store that is opened when it is first written to. Only a
// recorder's goroutine uses it.
type usageFile struct {
	usage.Store // nil until then

	path string
	hide *redactor

	mu sync.Mutex
	db *sql.DB
}

// Append implements [usage.Store]. A token that stands in the place of a name,
// such as a label, is not written down (invariant I1).
func (f *usageFile) Append(ctx context.Context, events []usage.Event) error {
	if f.Store == nil {
		db, store, err := openUsage(ctx, f.path, true)
		if err != nil {
			return err
		}
		f.mu.Lock()
		f.db = db
		f.mu.Unlock()
		f.Store = store
	}
	for i := range events {
		e := &events[i].Series
		for _, field := range []*string{&e.Host, &e.Label, &e.Account, &e.Resource, &e.Route} {
			*field = string(f.hide.clean([]byte(*field)))
		}
	}
	return f.Store.Append(ctx, events)
}

func (f *usageFile) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.db != nil {
		_ = f.db.Close() // what was stored is in the file
	}
}

// openUsage opens the file of a usage log, and makes it if wanted.
func openUsage(ctx context.Context, path string, create bool) (*sql.DB, *usage.SQL, error) {
	ready := checkUsageFile
	if create {
		ready = makePrivate
	}
	if err := ready(path); err != nil {
		return nil, nil, err
	}
	address, err := usageAddress(path)
	if err != nil {
		return nil, nil, err
	}
	db, err := sql.Open("sqlite", address)
	if err != nil {
		return nil, nil, err
	}
	store, err := usage.OpenSQL(ctx, db, usage.SQLite)
	if err != nil {
		_ = db.Close()
		return nil, nil, err
	}
	return db, store, nil
}

// makePrivate makes an empty file that nobody else can read, and its directory.
// SQLite gives the files beside it the same mode ("Write-Ahead Logging"). What
// is there stays as it is.
func makePrivate(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := privatefile.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// checkUsageFile refuses what is no regular file, such as a link that somebody
// put in its place.
func checkUsageFile(path string) error {
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	return err
}

// usageAddress returns the address of the file as SQLite has it ("Uniform
// Resource Identifiers").
func usageAddress(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	path = "/" + strings.TrimPrefix(filepath.ToSlash(path), "/")
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": {
		"journal_mode(WAL)", "synchronous(NORMAL)", "wal_autocheckpoint(4000)",
		fmt.Sprintf("busy_timeout(%d)", lockTime.Milliseconds()),
	}}.Encode()}
	return u.String(), nil
}
