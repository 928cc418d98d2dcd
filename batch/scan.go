package batch

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// scanned is what a checkpoint holds.
type scanned struct {
	whole   int64   // the length up to the end of the last whole line
	entries []entry // in the order of the file
}

// scan reads a checkpoint that begins with the line first. The last line may
// have been written halfway: it does not count. Any other fault is an error, and
// so is a file that somebody else has written, so that nothing of it is cut.
func scan(r io.Reader, first []byte) (scanned, error) {
	var found scanned
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		torn := errors.Is(err, io.EOF)
		if err != nil && !torn {
			return scanned{}, err
		}
		if n == 1 && (!torn || len(line) > 0) {
			if err := checkHeader(line, first, torn); err != nil {
				return scanned{}, err
			}
		}
		if torn {
			return found, nil
		}
		if n > 1 {
			s, err := parseRecord(line)
			if err != nil {
				return scanned{}, fmt.Errorf("line %d: %w: remove the file to start from scratch", n, err)
			}
			found.entries = append(found.entries, entry{s, found.whole})
		}
		found.whole += int64(len(line))
	}
}

// checkHeader returns an error unless the line is the first of this job, or, if
// it is torn, the beginning of it.
func checkHeader(line, first []byte, torn bool) error {
	var has header
	switch {
	case bytes.Equal(line, first), torn && bytes.HasPrefix(first, line):
		return nil
	case json.Unmarshal(line, &has) != nil || has.Batch == 0:
		return errors.New("is not a checkpoint: choose another file")
	case has.Batch != version:
		return fmt.Errorf("has version %d, want %d: remove the file to start from scratch", has.Batch, version)
	}
	return fmt.Errorf("is of another job (%q): remove the file to start from scratch", has.Job)
}

func parseRecord(line []byte) (sum, error) {
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return sum{}, err
	}
	s, ok := parseSum(r.Sum)
	if !ok || r.Value == nil {
		return sum{}, errors.New("no item with a value")
	}
	return s, nil
}

// entry says where in a checkpoint an item is.
type entry struct {
	sum sum
	at  int64 // the beginning of its line; its complement once the item was met
}

// index finds entries by their sum. It takes 24 bytes for each.
type index []entry

func newIndex(entries []entry) index {
	slices.SortStableFunc(entries, compareSums)
	entries = slices.CompactFunc(entries, func(a, b entry) bool { return a.sum == b.sum })
	return slices.Clone(entries) // without the room to grow
}

func compareSums(a, b entry) int {
	if c := cmp.Compare(a.sum[0], b.sum[0]); c != 0 {
		return c
	}
	return cmp.Compare(a.sum[1], b.sum[1])
}

// find returns where the item is.
func (x index) find(s sum) (at int64, ok bool) {
	i, ok := slices.BinarySearchFunc(x, entry{sum: s}, compareSums)
	if !ok {
		return 0, false
	}
	return max(x[i].at, ^x[i].at), true
}

// meet reports whether the item is there, and whether it was not met before.
func (x index) meet(s sum) (known, first bool) {
	i, known := slices.BinarySearchFunc(x, entry{sum: s}, compareSums)
	if !known {
		return false, false
	}
	if first = x[i].at >= 0; first {
		x[i].at = ^x[i].at
	}
	return true, first
}
