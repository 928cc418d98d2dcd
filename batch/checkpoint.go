package batch

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gitfleet/gitfleet/internal/filelock"
	"github.com/gitfleet/gitfleet/internal/privatefile"
)

// syncEvery is how often a checkpoint is flushed to the disk. A process that is
// killed loses nothing, since what was written is with the system; a machine
// that loses power loses what came after the last flush, and runs it again.
const syncEvery = time.Second

// checkpoint is a file of lines of JSON. The first says whose it is, each
// further one is an item that succeeded, with its value. A line is written in
// one go. A nil checkpoint has nothing and keeps nothing.
type checkpoint struct {
	path string
	file *os.File

	mu     sync.Mutex // guards what follows
	index  index      // what the file had when it was opened
	synced time.Time
	err    error // the first that a write met; nothing is written after it
}

// header is the first line.
type header struct {
	Batch int    `json:"batch"` // the version of the form
	Job   string `json:"job"`
}

// version is that of the form of checkpoints.
const version = 1

// record is any further line. The sum identifies the item; the ID is for people.
type record struct {
	Sum   string          `json:"sum"`
	ID    string          `json:"id"`
	Value json.RawMessage `json:"value"`
}

// openCheckpoint opens a file of the job or creates it. It cuts what was written
// halfway, and keeps the file to itself until it is closed.
func openCheckpoint(path, job string) (c *checkpoint, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("batch: checkpoint: %w", err)
		}
	}()
	file, err := privatefile.Open(path)
	if err != nil {
		return nil, err
	}
	c = &checkpoint{path: path, file: file, synced: time.Now()}
	if err := c.load(job); err != nil {
		return nil, cmp.Or(err, c.close())
	}
	return c, nil
}

// load reads the file and makes it ready to be written to.
func (c *checkpoint) load(job string) error {
	if err := filelock.Lock(c.file); errors.Is(err, filelock.ErrInUse) {
		return fmt.Errorf("%s is %w by another batch", c.path, err)
	} else if err != nil {
		return fmt.Errorf("lock %s: %w", c.path, err)
	}
	first, err := json.Marshal(header{version, job})
	if err != nil {
		return err
	}
	found, err := scan(c.file, append(first, '\n'))
	if err != nil {
		return fmt.Errorf("%s %w", c.path, err)
	}
	if err := c.file.Chmod(0o600); err != nil { // results are their owner's
		return err
	}
	if err := c.file.Truncate(found.whole); err != nil {
		return err
	}
	if _, err := c.file.Seek(found.whole, io.SeekStart); err != nil {
		return err
	}
	c.index = newIndex(found.entries)
	if found.whole > 0 {
		return nil
	}
	return c.begin(append(first, '\n'))
}

// begin writes the first line of a new file, and has that and the file's name last
// when the machine loses power.
func (c *checkpoint) begin(line []byte) error {
	if _, err := c.file.Write(line); err != nil {
		return err
	}
	return cmp.Or(c.file.Sync(), privatefile.SyncFolder(filepath.Dir(c.path)))
}

// meet reports whether the file had the item, and whether it is met for the
// first time.
func (c *checkpoint) meet(s sum) (known, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.index.meet(s)
}

// value decodes the value of an item into v if the file had it.
func (c *checkpoint) value(s sum, v any) (bool, error) {
	c.mu.Lock()
	at, known := c.index.find(s)
	c.mu.Unlock()
	if !known {
		return false, nil
	}
	var r record
	if err := json.NewDecoder(io.NewSectionReader(c.file, at, 1<<62)).Decode(&r); err != nil {
		return false, fmt.Errorf("checkpoint: %s: at byte %d: %w", c.path, at, err)
	}
	if err := json.Unmarshal(r.Value, v); err != nil {
		return false, fmt.Errorf("checkpoint: %s: value of %q: %w", c.path, r.ID, err)
	}
	return true, nil
}

// add keeps the value of an item.
func (c *checkpoint) add(id string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("checkpoint: value of %q: %w", id, err)
	}
	line, err := json.Marshal(record{Sum: sumOf(id).String(), ID: id, Value: text})
	if err != nil {
		return fmt.Errorf("checkpoint: value of %q: %w", id, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = c.write(append(line, '\n'))
	}
	return c.err
}

func (c *checkpoint) write(line []byte) error {
	if _, err := c.file.Write(line); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if now := time.Now(); now.Sub(c.synced) >= syncEvery {
		c.synced = now
		return c.file.Sync()
	}
	return nil
}

// close flushes the file and lets go of it.
func (c *checkpoint) close() error {
	if c == nil {
		return nil
	}
	return cmp.Or(c.file.Sync(), filelock.Unlock(c.file), c.file.Close())
}
