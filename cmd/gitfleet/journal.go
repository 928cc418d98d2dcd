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
	fresh  bool // nothing was kept before
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
	if err := j.openNotes(notes, signature); err != nil {
		return nil, errors.Join(err, j.close())
	}
	if out == "" {
		return j, nil
	}
	if err := j.openOutput(out, notes); err != nil {
		return nil, errors.Join(err, j.close())
	}
	return j, nil
}

func (j *journal) openNotes(name, signature string) (err error) {
	if j.notes, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	size, err := j.replay(name, signature)
	if err != nil {
		return err
	}
	if err := j.notes.Truncate(size); err != nil {
		return err
	}
	if _, err := j.notes.Seek(size, io.SeekStart); err != nil {
		return err
	}
	if j.fresh = size == 0; j.fresh {
		return j.write(note{Batch: signature})
	}
	return nil
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

// openOutput cuts the output where the notes end. A file that the notes do not
// know is not touched.
func (j *journal) openOutput(name, notes string) error {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if j.length > 0 {
			return fmt.Errorf("%s says what is done, but there is no %s: remove it to start from scratch", notes, name)
		}
	case err != nil:
		return err
	case j.fresh && info.Size() > 0:
		return fmt.Errorf("%s exists and is not of this batch: remove it, or choose another", name)
	case info.Size() < j.length:
		return fmt.Errorf("%s is shorter than %s says: remove both to start from scratch", name, notes)
	}
	if j.file, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666); err != nil {
		return err
	}
	if err := j.file.Truncate(j.length); err != nil {
		return err
	}
	if _, err := j.file.Seek(j.length, io.SeekStart); err != nil {
		return err
	}
	j.out = j.file
	return nil
}

func (j *journal) isDone(key string) bool { return j.known[key] }

// done writes a target's line, and then the note of it.
func (j *journal) done(key string, l batchLine) error {
	if err := j.failed(l); err != nil {
		return err
	}
	if j.file != nil && j.notes != nil {
		if err := j.file.Sync(); err != nil {
			return err
		}
	}
	return j.write(note{Done: key, Length: j.length})
}

// failed writes a line without a note.
func (j *journal) failed(l batchLine) error {
	text, err := l.encode()
	if err != nil {
		return err
	}
	n, err := j.out.Write(text)
	j.length += int64(n)
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

func (j *journal) close() error {
	var errs []error
	for _, f := range []*os.File{j.file, j.notes} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}
