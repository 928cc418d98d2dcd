package tabular_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/tabular"
	"github.com/google/go-cmp/cmp"
)

type owner struct {
	Login string `json:"login"`
	Name  string `json:"name,omitempty"`
}

type base struct {
	Host string `json:"host"`
}

type repo struct {
	base

	ID      int64     `json:"id"`
	Owner   owner     `json:"owner"`
	Stars   *int64    `json:"stars,omitempty"`
	Topics  []string  `json:"topics,omitempty"`
	Created time.Time `json:"created,omitzero"`
	Parent  *repo     `json:"parent,omitempty"`
	Hidden  string    `json:"-"`
}

func write(t *testing.T, f tabular.Format, o tabular.Options, records ...any) string {
	t.Helper()
	var out bytes.Buffer
	w, err := tabular.NewWriter(&out, f, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var web = repo{base: base{"h"}, ID: 9007199254740993, Owner: owner{Login: "acme"}, Stars: new(int64(5)), Topics: []string{"a", "b"}}

func TestWriter_writes_each_format(t *testing.T) {
	t.Parallel()
	fields := tabular.Options{Fields: []string{"id", "owner", "stars", "topics"}}
	for _, tt := range []struct {
		format tabular.Format
		want   string
	}{
		{tabular.CSV, "id,owner.login,owner.name,stars,topics\n9007199254740993,acme,,5,\"[\"\"a\"\",\"\"b\"\"]\"\n"},
		{tabular.NDJSON, `{"id":9007199254740993,"owner.login":"acme","owner.name":null,"stars":5,"topics":["a","b"]}` + "\n"},
		{tabular.Table, "ID                OWNER.LOGIN  OWNER.NAME  STARS  TOPICS\n9007199254740993  acme                     5      a,b\n"},
	} {
		if diff := cmp.Diff(tt.want, write(t, tt.format, fields, web)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.format, diff)
		}
	}
}

func TestWriter_JSON_is_one_array_also_of_nothing(t *testing.T) {
	t.Parallel()
	for n := range 4 {
		records := make([]any, n)
		for i := range records {
			records[i] = web
		}
		var got []map[string]any
		if err := json.Unmarshal([]byte(write(t, tabular.JSON, tabular.Options{}, records...)), &got); err != nil || len(got) != n {
			t.Errorf("%d records: decoded %d, %v", n, len(got), err)
		}
	}
}

func TestColumns_are_those_of_the_type_whatever_is_empty(t *testing.T) {
	t.Parallel()
	want := []string{"host", "id", "owner.login", "owner.name", "stars", "topics", "created", "parent"}
	for _, r := range []any{repo{}, &web} {
		got, err := tabular.Columns(r, ".")
		// A type within itself would never end.
		got = cutBelow(got, "parent")
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("Columns(%T) = %q, %v, want %q", r, got, err, want)
		}
	}
	got, err := tabular.Columns(map[string]any{"b": 1, "a": map[string]any{"x": 1}}, "/")
	if want := []string{"a/x", "b"}; err != nil || !cmp.Equal(got, want) {
		t.Errorf("Columns(map) = %q, %v, want %q", got, err, want)
	}
}

// cutBelow puts a column in the place of all that are below it.
func cutBelow(columns []string, name string) []string {
	var cut []string
	for _, c := range columns {
		if strings.HasPrefix(c, name+".") {
			if len(cut) == 0 || cut[len(cut)-1] != name {
				cut = append(cut, name)
			}
			continue
		}
		cut = append(cut, c)
	}
	return cut
}

func TestWriter_CSV_holds_no_formula_and_reads_back(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"=1+1": "'=1+1", "+x": "'+x", "-x": "'-x", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx",
		"plain, \"quoted\"\nlines": "plain, \"quoted\"\nlines", "ünïcode": "ünïcode", "": "", "1-2": "1-2",
	} {
		rows, err := csv.NewReader(strings.NewReader(write(t, tabular.CSV, tabular.Options{}, map[string]any{"a": in, "n": -5}))).ReadAll()
		if err != nil || rows[1][0] != want || rows[1][1] != "-5" {
			t.Errorf("%q reads back as %q, %v, want %q and the number -5", in, rows, err, want)
		}
	}
}

func TestWriter_Table_keeps_the_terminal_as_it_is(t *testing.T) {
	t.Parallel()
	got := write(t, tabular.Table, tabular.Options{}, map[string]any{"a": "x\x1b[31mred\x1b]0;t\x07\r\n\ty\u202e"})
	if strings.ContainsAny(got, "\x1b\x07\r\t\u202e") || strings.Count(got, "\n") != 2 {
		t.Errorf("table %q has control characters", got)
	}
	got = write(t, tabular.Table, tabular.Options{MaxWidth: 4}, map[string]any{"a": "äöüßx"})
	if want := "A\näöü…\n"; got != want {
		t.Errorf("cut table %q, want %q", got, want)
	}
}

func TestWriter_names_what_is_wrong(t *testing.T) {
	t.Parallel()
	if _, err := tabular.ParseFormat("xml"); err == nil || !strings.Contains(err.Error(), "want table, json, ndjson or csv") {
		t.Errorf("ParseFormat(xml) = %v", err)
	}
	if _, err := tabular.NewWriter(nil, "xml", tabular.Options{}); err == nil {
		t.Error("NewWriter took the format xml")
	}
	w, err := tabular.NewWriter(new(bytes.Buffer), tabular.CSV, tabular.Options{Fields: []string{"idd"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(web); err == nil || !strings.Contains(err.Error(), `no field "idd": want some of host, id, owner.login`) {
		t.Errorf("Write() with an unknown field = %v", err)
	}
	if err := w.Close(); err == nil {
		t.Error("Close() after a failed Write = nil")
	}
	if _, err := tabular.ToMap(5); err == nil || !strings.Contains(err.Error(), "int is no record") {
		t.Errorf("ToMap(5) = %v", err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriter_the_first_error_stays(t *testing.T) {
	t.Parallel()
	for _, f := range []tabular.Format{tabular.JSON, tabular.NDJSON, tabular.CSV, tabular.Table} {
		w, err := tabular.NewWriter(broken{}, f, tabular.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_ = w.Write(web) // CSV and tables are written later
		if err := w.Close(); err == nil || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("%s: Close() = %v, want the writer's error", f, err)
		}
		if err := w.Write(web); err == nil {
			t.Errorf("%s: Write() after Close() = nil", f)
		}
	}
}

func TestFlatten_joins_all_levels_and_keeps_lists(t *testing.T) {
	t.Parallel()
	m := map[string]any{"a": map[string]any{"b": map[string]any{"c": 1}}, "l": []any{1}, "e": map[string]any{}}
	want := map[string]any{"a_b_c": 1, "l": []any{1}, "e": map[string]any{}}
	if diff := cmp.Diff(want, tabular.Flatten(m, "_")); diff != "" {
		t.Errorf("Flatten (-want +got):\n%s", diff)
	}
	all, err := tabular.ToMaps([]repo{web, {}})
	if err != nil || len(all) != 2 || all[0]["id"] != json.Number("9007199254740993") {
		t.Errorf("ToMaps() = %v, %v", all, err)
	}
}
