package canary_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
)

// TestI1_NothingTheSuitePrintedOrWroteHoldsAToken searches what a whole run of
// the suite left behind. GITFLEET_SUITE_OUTPUT names the file with all that it
// printed, GITFLEET_SUITE_FILES the directory its temporary files went to.
func TestI1_NothingTheSuitePrintedOrWroteHoldsAToken(t *testing.T) {
	output, files := os.Getenv("GITFLEET_SUITE_OUTPUT"), os.Getenv("GITFLEET_SUITE_FILES")
	if output == "" || files == "" {
		t.Skip("needs GITFLEET_SUITE_OUTPUT and GITFLEET_SUITE_FILES: .ci/run suite sets them after a run of the suite")
	}
	printed, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(printed, []byte("--- PASS: ")) {
		t.Fatal("GITFLEET_SUITE_OUTPUT is not the output of go test -v")
	}
	for _, line := range lines(printed) {
		t.Errorf("%s:%d holds a canary token", output, line)
	}
	found, err := search(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range found {
		t.Error(where, "holds a canary token")
	}
}

func TestI1_TheSearchFindsATokenInEveryForm(t *testing.T) {
	token := canary.Token("planted")
	spaced := func(verb, sep string) string {
		var bs []string
		for _, b := range []byte(token) {
			bs = append(bs, fmt.Sprintf(verb, b))
		}
		return strings.Join(bs, sep)
	}
	for _, tt := range []struct {
		name, content string
		want          []int
	}{
		{"as it is", token, []int{1}},
		{"in a header on line 3", "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + token + "\r\n\r\n", []int{3}},
		{"on two lines", token + "\n\n" + token, []int{1, 3}},
		{"upper case", strings.ToUpper(token), []int{1}},
		{"Basic, password first", base64.StdEncoding.EncodeToString([]byte(token + ":x-oauth-basic")), []int{1}},
		{"Basic, user of 1 byte", base64.StdEncoding.EncodeToString([]byte("u:" + token)), []int{1}},
		{"Basic, user of 2 bytes", base64.StdEncoding.EncodeToString([]byte("us:" + token)), []int{1}},
		{"Basic, user of 3 bytes", base64.StdEncoding.EncodeToString([]byte("use:" + token)), []int{1}},
		{"base64 for URLs", base64.RawURLEncoding.EncodeToString([]byte("??>" + token)), []int{1}},
		{"hexadecimal", hex.EncodeToString([]byte(token)), []int{1}},
		{"hexadecimal, upper case", strings.ToUpper(hex.EncodeToString([]byte(token))), []int{1}},
		{"bytes in decimal", fmt.Sprintf("%v", []byte(token)), []int{1}},
		{"bytes in Go's form", fmt.Sprintf("%#v", []byte(token)), []int{1}},
		{"bytes in hexadecimal, spaced", fmt.Sprintf("% x", []byte(token)), []int{1}},
		{"every byte percent-escaped", spaced("%%%02X", ""), []int{1}},
		{"query-escaped", url.QueryEscape("a&b=" + token), []int{1}},
		{"not there", "ghp_0123456789 and " + canary.Mark[:len(canary.Mark)-1], nil},
		{"empty", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "sub", "kept.log")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, n := range tt.want {
				want = append(want, fmt.Sprintf("%s:%d", path, n))
			}
			got, err := search(dir)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Errorf("search() = %q, want %q", got, want)
			}
		})
	}
}

func TestI1_TheSearchFindsATokenInAFileName(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, canary.Token("named")), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := search(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"the name of an entry of " + dir}; !slices.Equal(got, want) {
		t.Errorf("search() found %d places, want 1: the name in the directory", len(got))
	}
}

// search returns the places below dir that hold the mark: file and line, or
// the directory of an entry whose name does. It never returns the mark.
func search(dir string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a program that outlived the suite removed it
		}
		if err != nil {
			return err
		}
		shown := path
		if path != dir && lines([]byte(entry.Name())) != nil {
			found = append(found, "the name of an entry of "+filepath.Dir(path))
			if entry.IsDir() {
				return filepath.SkipDir // paths below it would show the mark
			}
			shown = filepath.Join(filepath.Dir(path), "(that entry)")
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, line := range lines(content) {
			found = append(found, fmt.Sprintf("%s:%d", shown, line))
		}
		return nil
	})
	return found, err
}

// lines returns the numbers of the lines that hold the mark in some form.
func lines(content []byte) []int {
	lower := bytes.ToLower(content)
	var found []int
	for _, form := range forms() {
		in := content
		if form.anyCase {
			in = lower
		}
		for from := 0; ; {
			i := bytes.Index(in[from:], form.text)
			if i < 0 {
				break
			}
			from += i
			found = append(found, 1+bytes.Count(in[:from], []byte("\n")))
			from += len(form.text)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

type form struct {
	text    []byte
	anyCase bool // text is lower case and stands for every case
}

// forms returns the mark as it is and as the usual encodings show it.
func forms() []form {
	mark := []byte(canary.Mark)
	var decimal, hexed, prefixed, percent []string
	for _, b := range mark {
		decimal = append(decimal, fmt.Sprintf("%d", b))
		hexed = append(hexed, fmt.Sprintf("%02x", b))
		prefixed = append(prefixed, fmt.Sprintf("0x%02x", b))
		percent = append(percent, fmt.Sprintf("%%%02x", b))
	}
	all := []form{{[]byte(strings.ToLower(canary.Mark)), true}}
	for _, text := range []string{
		strings.Join(decimal, " "), strings.Join(hexed, ""), strings.Join(hexed, " "),
		strings.Join(prefixed, ", "), strings.Join(percent, ""),
	} {
		all = append(all, form{[]byte(text), true})
	}
	// In base64 the mark looks different for each place it can have in a group
	// of three bytes; its first and last character may depend on its neighbours.
	for before := range 3 {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := enc.EncodeToString(append(make([]byte, before), mark...))
			all = append(all, form{text: []byte(text[(before*8+5)/6 : (before+len(mark))*8/6])})
		}
	}
	return all
}
