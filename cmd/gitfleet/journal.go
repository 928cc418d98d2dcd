package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/gitfleet/gitfleet/internal/filelock"
	"github.com/gitfleet/gitfleet/internal/privatefile"
)

// journal writes the lines of a batch and keeps what is done, so that the batch
// can be stopped at any instant.
//
// A target's line is written first, and then a note of it with the length that
// the output has by then. Whoever goes on cuts the output at the last note: what
// is behind it was written halfway, or is of targets that failed, which are
// written at the end and never noted.
type journal struct {
	out    io.Writer
	file   *os.File // the output, if it is a file of ours
	notes  *os.File // nil if nothing is kept
	length int64    // of the output
	known  map[string]bool
	fresh  bool  // nothing was kept before
	err    error // the first that a write met; nothing is written after it
}

// note is a line of the notes; the first says what the batch does.
type note struct {
	Batch  string `json:"batch,omitempty"`
	Done   string `json:"done,omitempty"`
	Length int64  `json:"length,omitempty"`
}

// openJournal opens output and notes and goes on where they end.
func openJournal(stdout io.Writer, out, notes, signature string) (*journal, error) {
	j := &journal{out: stdout, known: map[string]bool{}}
	if notes == "" && out != "" {
		notes = out + ".resume"
	}
	if notes == "" {
		return j, nil
	}
	if err := j.open(out, notes, signature); err != nil {
		return nil, errors.Join(err, j.close())
	}
	return j, nil
}

// open makes both files ready to be written to. The first note is written last:
// an output that is refused must not be taken for one of this batch later.
func (j *journal) open(out, notes, signature string) error {
	if err := j.openNotes(notes, signature); err != nil {
		return err
	}
	if out != "" {
		if err := j.openOutput(out, notes); err != nil {
			return err
		}
	}
	if !j.fresh {
		return nil
	}
	return j.write(note{Batch: signature})
}

func (j *journal) openNotes(name, signature string) (err error) {
	if j.notes, err = locked(privatefile.Open(name)); err != nil {
		return err
	}
	size, err := j.replay(name, signature)
	if err != nil {
		return err
	}
	j.fresh = size == 0
	return cut(j.notes, size)
}

// cut makes a file so long and goes to its end.
func cut(f *os.File, size int64) error {
	if err := f.Truncate(size); err != nil {
		return err
	}
	_, err := f.Seek(size, io.SeekStart)
	return err
}

// replay reads the notes and returns the length of those that are whole.
func (j *journal) replay(name, signature string) (size int64, err error) {
	lines := bufio.NewReader(j.notes)
	for {
		text, err := lines.ReadBytes('\n')
		if err != nil { // the last one was written halfway
			return size, ignoreEOF(err)
		}
		var n note
		if err := json.Unmarshal(bytes.TrimSpace(text), &n); err != nil {
			return 0, fmt.Errorf("%s is not what gitfleet batch has written: remove it to start from scratch", name)
		}
		if size == 0 && n.Batch != signature {
			return 0, fmt.Errorf("%s is of another batch (%s): remove it and its output to start from scratch", name, n.Batch)
		}
		if n.Done != "" {
			j.known[n.Done] = true
			j.length = n.Length
		}
		size += int64(len(text))
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// locked keeps other batches from a file that was opened.
func locked(f *os.File, err error) (*os.File, error) {
	if err != nil {
		return nil, err
	}
	if err := filelock.Lock(f); errors.Is(err, filelock.ErrInUse) {
		return nil, errors.Join(fmt.Errorf("%s is %w by another batch", f.Name(), err), f.Close())
	} else if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
	}
	return f, nil
}

// openOutput cuts the output where the notes end. A file that the notes do not
// know is not touched.
func (j *journal) openOutput(name, notes string) error {
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) && j.length > 0 {
		return fmt.Errorf("%s says what is done, but there is no %s: remove it to start from scratch", notes, name)
	}
	var err error
	if j.file, err = locked(os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)); err != nil {
		return err
	}
	info, err := j.file.Stat()
	switch {
	case err != nil:
		return err
	case j.fresh && info.Size() > 0:
		return fmt.Errorf("%s exists and is not of this batch: remove it, or choose another", name)
	case info.Size() < j.length:
		return fmt.Errorf("%s is shorter than %s says: remove both to start from scratch", name, notes)
	}
	j.out = j.file
	return cut(j.file, j.length)
}

func (j *journal) isDone(key string) bool { return j.known[key] }

// done writes a target's line, and then the note of it.
func (j *journal) done(key string, l batchLine) error {
	if err := j.failed(l); err != nil {
		return err
	}
	if j.file != nil {
		if j.err = j.file.Sync(); j.err != nil {
			return j.err
		}
	}
	j.err = j.write(note{Done: key, Length: j.length})
	return j.err
}

// failed writes a line without a note.
func (j *journal) failed(l batchLine) error {
	if j.err != nil {
		return j.err
	}
	text, err := l.encode()
	if err != nil {
		return err
	}
	n, err := j.out.Write(text)
	j.length += int64(n)
	j.err = err
	return err
}

func (j *journal) write(n note) error {
	if j.notes == nil {
		return nil
	}
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	_, err = j.notes.Write(append(text, '\n'))
	return err
}

// close lets go of the files.
func (j *journal) close() error {
	var errs []error
	for _, f := range []*os.File{j.file, j.notes} {
		if f != nil {
			errs = append(errs, filelock.Unlock(f), f.Close())
		}
	}
	return errors.Join(errs...)
}
