package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

var at = time.Date(2026, 11, 22, 4, 31, 10, 0, time.UTC)

func packed(t *testing.T, name string, files ...file) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := writeArchive(path, "folder", files, at); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestArchives_are_the_same_bytes_in_any_order_and_folder(t *testing.T) {
	t.Parallel()
	a, b := file{name: "a", text: []byte("one")}, file{name: "b", text: []byte("two"), program: true}
	for _, name := range []string{"x.tar.gz", "x.zip"} {
		if !bytes.Equal(packed(t, name, a, b), packed(t, name, b, a)) {
			t.Errorf("%s differs from run to run", name)
		}
	}
}

func TestArchives_hold_the_time_of_the_commit_and_a_program_that_runs(t *testing.T) {
	t.Parallel()
	b := file{name: "b", text: []byte("two"), program: true}
	zipped, err := gzip.NewReader(bytes.NewReader(packed(t, "x.tar.gz", b)))
	if err != nil {
		t.Fatal(err)
	}
	h, err := tar.NewReader(zipped).Next()
	if err != nil {
		t.Fatal(err)
	}
	if h.Name != "folder/b" || h.Mode != 0o755 || !h.ModTime.Equal(at) || h.Uid != 0 || h.Uname != "" {
		t.Errorf("tar has %+v", h)
	}
	text := packed(t, "x.zip", b)
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	if f := z.File[0]; f.Name != "folder/b" || f.Mode() != 0o755 || !f.Modified.Equal(at) {
		t.Errorf("zip has %+v", f.FileHeader)
	}
	in, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(in); err != nil || string(got) != "two" {
		t.Errorf("zip holds %q, %v", got, err)
	}
}

func TestSums_are_of_every_file(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"b", "a"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("abc"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeSums(dir); err != nil {
		t.Fatal(err)
	}
	const sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // of "abc": FIPS 180-2, B.1
	got, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if want := sum + "  a\n" + sum + "  b\n"; err != nil || string(got) != want {
		t.Errorf("SHA256SUMS =\n%s%v\nwant\n%s", got, err, want)
	}
}

func TestBill_names_what_is_linked_and_is_the_same_in_each_run(t *testing.T) {
	t.Parallel()
	l := linked{
		main: debug.Module{Path: "example.com/program"},
		modules: []*debug.Module{
			{Path: "example.com/library", Version: "v1.2.3+incompatible", Sum: "h1:sum="},
			{Path: "example.com/other/v2", Version: "v2.0.0", Sum: "h1:other="},
		},
		goes: "1.26.8",
		sum:  [32]byte{1, 2, 3},
	}
	s := source{version: "0.1.0", commit: "c0ffee", time: at}
	path := filepath.Join(t.TempDir(), "bill")
	var texts [2]string
	for i := range texts {
		if err := writeBill(path, l, s); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	if texts[0] != texts[1] {
		t.Error("two bills of one program differ")
	}
	var bom struct {
		BOMFormat    string
		SerialNumber string
		Metadata     struct {
			Timestamp string
			Component struct{ Name, Version string }
		}
		Components []struct{ Purl string }
	}
	if err := json.Unmarshal([]byte(texts[0]), &bom); err != nil {
		t.Fatal(err)
	}
	var purls []string
	for _, c := range bom.Components {
		purls = append(purls, c.Purl)
	}
	want := "pkg:golang/std@1.26.8 pkg:golang/example.com/library@v1.2.3%2Bincompatible pkg:golang/example.com/other/v2@v2.0.0"
	if got := strings.Join(purls, " "); got != want {
		t.Errorf("components %s\nwant %s", got, want)
	}
	if m := bom.Metadata; bom.BOMFormat != "CycloneDX" || m.Timestamp != "2026-11-22T04:31:10Z" || m.Component.Version != "v0.1.0" ||
		bom.SerialNumber != "urn:uuid:01020300-0000-8000-8000-000000000000" {
		t.Errorf("the bill is of %+v, serial number %s", bom.Metadata, bom.SerialNumber)
	}
}

func TestLinkedInto_reads_what_the_linker_wrote(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	l, err := linkedInto(program)
	if err != nil || !strings.HasPrefix(l.goes, "1.") {
		t.Fatalf("linkedInto() = Go %q, %v", l.goes, err)
	}
	for _, m := range l.modules {
		if m.Path == "github.com/CycloneDX/cyclonedx-go" && m.Sum != "" {
			return
		}
	}
	t.Errorf("this program is said to be made of %v", l.modules)
}

func TestLicences_are_found_or_missed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all bytes.Buffer
	if err := appendLicences(&all, "it", dir); err == nil || err.Error() != "it has no licence" {
		t.Errorf("appendLicences() without one = %v", err)
	}
	for _, name := range []string{"NOTICE", "LICENSE.md"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name+"\r\n\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := appendLicences(&all, "it", dir); err != nil {
		t.Fatal(err)
	}
	if got, want := all.String(), "=== it: LICENSE.md\n\nLICENSE.md\n\n=== it: NOTICE\n\nNOTICE\n\n"; got != want {
		t.Errorf("licences %q, want %q", got, want)
	}
}

func TestRun_touches_no_folder_that_is_in_use_and_no_wrong_version(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "theirs"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), filepath.Join("..", ".."), "0.1.0", dir); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("run() = %v", err)
	}
	s := source{dir: filepath.Join("..", ".."), version: "0.0.0"}
	if err := s.checkVersion(); err == nil || !strings.Contains(err.Error(), "set the version there first") {
		t.Errorf("checkVersion() = %v", err)
	}
}
