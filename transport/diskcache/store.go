// Package diskcache keeps the entries of a transport.Cache in a folder, so that
// they outlive the process and several processes share them. The files are
// written with github.com/peterbourgon/diskv.
//
// Entries are what hosts have answered, which may be private, and no
// credentials. They are not encrypted.
package diskcache

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/peterbourgon/diskv/v3"

	"github.com/gitfleet/gitfleet/internal/privatefile"
)

// DefaultMaxBytes is what a [Store] holds at most unless it is told otherwise:
// 256 MiB.
const DefaultMaxBytes = 256 << 20

// Store is a folder with a file of mode 0600 for each value. It has the methods
// of a transport.Store. A file that was cut off, changed or replaced by a link is
// taken for none; a process that is killed while it writes leaves the old
// value or the new one, and perhaps a file in the folder tmp, which Open
// removes when it is an hour old. A Store is safe for concurrent use, also by
// several processes.
type Store struct {
	folder string
	disk   *diskv.Diskv
	most   int64

	mu   sync.Mutex // guards held
	held int64      // bytes, as far as this process knows
}

// Open returns the Store in a folder, which it makes if it is not there. It
// refuses a folder that is a symbolic link, that others may read or write, that
// belongs to another user, or that lies where everybody can exchange it.
// maxBytes bounds the sum of the files, those of other processes included as of
// the last look: beyond it those that were used the longest time ago go, until a
// tenth is free. 0 means [DefaultMaxBytes].
func Open(folder string, maxBytes int64) (*Store, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("gitfleet: diskcache: %w", err)
	}
	temporary := filepath.Join(folder, "tmp")
	for _, dir := range []string{folder, temporary} {
		if err := privatefile.Folder(dir); err != nil {
			return nil, fmt.Errorf("gitfleet: diskcache: %w", err)
		}
	}
	sweep(temporary)
	if maxBytes == 0 {
		maxBytes = DefaultMaxBytes
	}
	s := &Store{folder: folder, most: maxBytes, disk: diskv.New(diskv.Options{
		BasePath: folder,
		TempDir:  temporary, // a value appears whole, by being renamed
		PathPerm: 0o700,
		FilePerm: 0o600,
	})}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s, s.shrink()
}

// sweep removes what killed processes have left.
func sweep(temporary string) {
	files, _ := os.ReadDir(temporary)
	for _, f := range files {
		if info, err := f.Info(); err == nil && time.Since(info.ModTime()) > time.Hour {
			_ = os.Remove(filepath.Join(temporary, f.Name()))
		}
	}
}

// Get returns the value of a key, nil if there is none that is whole.
func (s *Store) Get(_ context.Context, key string) ([]byte, error) {
	path, err := s.path(key)
	if err != nil {
		return nil, err
	}
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("gitfleet: diskcache: %s is not a regular file", path)
	}
	var file []byte
	if err == nil {
		file, err = s.disk.Read(key)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("gitfleet: diskcache: %w", err)
	case len(file) < sumSize || binary.BigEndian.Uint32(file) != sum(file[sumSize:]):
		return nil, nil
	}
	if now := time.Now(); now.Sub(info.ModTime()) > time.Minute {
		_ = os.Chtimes(path, now, now)
	}
	return file[sumSize:], nil
}

// Set keeps a value.
func (s *Store) Set(_ context.Context, key string, value []byte) error {
	if _, err := s.path(key); err != nil {
		return err
	}
	file := binary.BigEndian.AppendUint32(make([]byte, 0, sumSize+len(value)), sum(value))
	if err := s.disk.Write(key, append(file, value...)); err != nil {
		return fmt.Errorf("gitfleet: diskcache: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held += int64(sumSize + len(value)); s.held > s.most {
		return s.shrink()
	}
	return nil
}

// Delete forgets a key.
func (s *Store) Delete(_ context.Context, key string) error {
	path, err := s.path(key)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("gitfleet: diskcache: %w", err)
	}
	return nil
}

// shrink counts what is there, and removes the oldest if that is too much. s.mu
// must be held.
func (s *Store) shrink() error {
	files, err := s.files()
	if err != nil {
		return fmt.Errorf("gitfleet: diskcache: %w", err)
	}
	s.held = 0
	for _, f := range files {
		s.held += f.Size()
	}
	if s.held <= s.most {
		return nil
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files {
		if s.held <= s.most-s.most/10 {
			break
		}
		if err := s.Delete(context.Background(), f.Name()); err != nil {
			return err
		}
		s.held -= f.Size()
	}
	return nil
}

// files returns the values that are there.
func (s *Store) files() ([]fs.FileInfo, error) {
	all, err := os.ReadDir(s.folder)
	if err != nil {
		return nil, err
	}
	var files []fs.FileInfo
	for _, f := range all {
		if _, err := s.path(f.Name()); err != nil {
			continue
		}
		if info, err := f.Info(); err == nil { // else another process has removed it
			files = append(files, info)
		}
	}
	return files, nil
}

// path returns where the value of a key is.
func (s *Store) path(key string) (string, error) {
	if len(key) != 64 || strings.Trim(key, "0123456789abcdef") != "" {
		return "", errors.New("gitfleet: diskcache: a key must be 64 hexadecimal digits")
	}
	return filepath.Join(s.folder, key), nil
}

// sumSize is how many bytes of a file are the sum of the others.
const sumSize = 4

func sum(value []byte) uint32 { return crc32.Checksum(value, crc32.MakeTable(crc32.Castagnoli)) }
