package tabular

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Format is how records are written.
type Format string

// The formats.
const (
	Table  Format = "table"  // aligned columns, for people; written by Close
	JSON   Format = "json"   // one array, indented
	NDJSON Format = "ndjson" // an object a line
	CSV    Format = "csv"    // RFC 4180, with a header
)

// ParseFormat reads the name of a format.
func ParseFormat(s string) (Format, error) {
	switch f := Format(strings.ToLower(strings.TrimSpace(s))); f {
	case Table, JSON, NDJSON, CSV:
		return f, nil
	}
	return "", fmt.Errorf("%q is no format: want table, json, ndjson or csv", s)
}

// DefaultSeparator stands between the names of nested columns.
const DefaultSeparator = "."

// Options change what a [Writer] writes. The zero Options write all columns.
type Options struct {
	// Fields are the columns that are wanted, in this order. A field that has
	// others below it stands for all of them. Defaults to all columns.
	Fields []string

	// Separator stands between the names of nested columns. Defaults to
	// [DefaultSeparator].
	Separator string

	// MaxWidth cuts the cells of a table that are longer, in characters, and
	// marks them with an ellipsis. Defaults to 0, no bound.
	MaxWidth int

	// Header changes how the header of a table's column reads, for example to
	// upper case. Defaults to the name in upper case.
	Header func(column string) string
}

// Writer writes records in one format. It must be closed. The first error stays,
// and nothing is written after it. A Writer is not safe for concurrent use.
type Writer struct {
	format  Format
	options Options
	out     io.Writer
	csv     *csv.Writer
	table   *tabwriter.Writer
	columns []string
	written int
	closed  bool
	err     error
}

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer, f Format, o Options) (*Writer, error) {
	if _, err := ParseFormat(string(f)); err != nil {
		return nil, err
	}
	if o.Separator == "" {
		o.Separator = DefaultSeparator
	}
	if o.Header == nil {
		o.Header = strings.ToUpper
	}
	wr := &Writer{format: f, options: o, out: w}
	switch f {
	case CSV:
		wr.csv = csv.NewWriter(w)
	case Table:
		wr.table = tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	}
	return wr, nil
}

// Write adds a record.
func (w *Writer) Write(record any) error {
	if w.closed {
		return errors.New("tabular: write after close")
	}
	if w.err == nil {
		w.err = w.write(record)
	}
	return w.err
}

func (w *Writer) write(record any) error {
	if w.written == 0 {
		if err := w.begin(record); err != nil {
			return err
		}
	}
	w.written++
	switch w.format {
	case JSON, NDJSON:
		return w.writeJSON(record)
	}
	cells, err := w.cells(record)
	if err != nil {
		return err
	}
	if w.format == CSV {
		return w.csv.Write(cells)
	}
	return w.writeRow(cells)
}

// begin writes what comes before the first record.
func (w *Writer) begin(record any) error {
	if w.format == JSON || w.format == NDJSON {
		if len(w.options.Fields) > 0 {
			return w.choose(record)
		}
		return nil
	}
	if err := w.choose(record); err != nil {
		return err
	}
	if w.format == CSV {
		return w.csv.Write(w.columns)
	}
	heads := make([]string, len(w.columns))
	for i, c := range w.columns {
		heads[i] = w.options.Header(c)
	}
	return w.writeRow(heads)
}

// choose finds the columns.
func (w *Writer) choose(record any) error {
	all, err := Columns(record, w.options.Separator)
	if err != nil {
		return err
	}
	w.columns, err = chosen(all, w.options.Fields, w.options.Separator)
	return err
}

// chosen returns the columns that the fields stand for.
func chosen(all, fields []string, separator string) ([]string, error) {
	if len(fields) == 0 {
		return all, nil
	}
	var columns []string
	for _, f := range fields {
		f = strings.TrimSpace(f)
		found := false
		for _, c := range all {
			if c == f || strings.HasPrefix(c, f+separator) {
				columns, found = append(columns, c), true
			}
		}
		if !found {
			return nil, fmt.Errorf("tabular: there is no field %q: want some of %s", f, strings.Join(all, ", "))
		}
	}
	return columns, nil
}

// cells returns a record's values in the order of the columns.
func (w *Writer) cells(record any) ([]string, error) {
	m, err := ToMap(record)
	if err != nil {
		return nil, err
	}
	flat := Flatten(m, w.options.Separator)
	cells := make([]string, len(w.columns))
	for i, c := range w.columns {
		if w.format == CSV {
			cells[i] = csvCell(flat[c])
		} else {
			cells[i] = tableCell(flat[c], w.options.MaxWidth)
		}
	}
	return cells, nil
}

func (w *Writer) writeRow(cells []string) error {
	_, err := io.WriteString(w.table, strings.Join(cells, "\t")+"\n")
	return err
}

func (w *Writer) writeJSON(record any) error {
	if len(w.columns) > 0 {
		m, err := ToMap(record)
		if err != nil {
			return err
		}
		record = only(Flatten(m, w.options.Separator), w.columns)
	}
	if w.format == NDJSON {
		line, err := json.Marshal(record)
		if err != nil {
			return err
		}
		_, err = w.out.Write(append(line, '\n'))
		return err
	}
	text, err := json.MarshalIndent(record, "  ", "  ")
	if err != nil {
		return err
	}
	lead := ",\n  "
	if w.written == 1 {
		lead = "[\n  "
	}
	_, err = w.out.Write(slices.Concat([]byte(lead), text))
	return err
}

// Close writes what is left: the end of the JSON array, the whole of a table. It
// does not close the underlying writer.
func (w *Writer) Close() error {
	if w.closed {
		return w.err
	}
	w.closed = true
	if w.err == nil {
		w.err = w.end()
	}
	return w.err
}

func (w *Writer) end() error {
	switch w.format {
	case JSON:
		end := "\n]\n"
		if w.written == 0 {
			end = "[]\n"
		}
		_, err := io.WriteString(w.out, end)
		return err
	case CSV:
		w.csv.Flush()
		return w.csv.Error()
	case Table:
		return w.table.Flush()
	}
	return nil
}
