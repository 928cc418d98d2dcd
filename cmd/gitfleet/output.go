package main

import (
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet/tabular"
)

// output is how a command writes records.
type output struct {
	format string
	fields []string
}

// addTo adds the flags of output to a command.
func (o *output) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.format, "output", "o", "table", "how to write: table, json, ndjson or csv")
	cmd.Flags().StringSliceVar(&o.fields, "fields", nil, "`columns` to write, such as full_name,owner.login")
	complete(cmd, "output", "table", "json", "ndjson", "csv")
}

// complete tells shells the values of a flag.
func complete(cmd *cobra.Command, flag string, values ...string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // there is no such flag
	}
}

// cellWidth bounds the cells of a table on a terminal, in characters.
const cellWidth = 60

// writer returns what writes records like the sample. Fields that they do not
// have are a fault of the arguments. A table has the columns by default.
func (t *tool) writer(o output, columns []string, sample any) (*tabular.Writer, error) {
	f, err := tabular.ParseFormat(o.format)
	if err != nil {
		return nil, &usageError{err: fmt.Errorf("--output: %w", err)}
	}
	options := tabular.Options{Fields: o.fields, Header: heading}
	if len(o.fields) == 0 && f == tabular.Table {
		options.Fields = columns
	}
	if t.terminal {
		options.MaxWidth = cellWidth
	}
	if err := tryFields(options, sample); err != nil {
		return nil, &usageError{err: fmt.Errorf("--fields: %s", strings.TrimPrefix(err.Error(), "tabular: "))}
	}
	return tabular.NewWriter(t.out, f, options)
}

// tryFields finds out, before anything is asked of a host, whether a record has
// the fields.
func tryFields(o tabular.Options, sample any) error {
	w, err := tabular.NewWriter(io.Discard, tabular.CSV, o)
	if err != nil {
		return err
	}
	return w.Write(sample)
}

// heading shortens the name of a column for the head of a table.
func heading(column string) string {
	return strings.ToUpper(strings.NewReplacer("_at", "", "_", " ", ".login", "", ".name", "", ".date", " date").Replace(column))
}

// writeAll writes records as they come. An error after some of them is partial.
func writeAll[T any](w *tabular.Writer, items iter.Seq2[T, error]) error {
	count := 0
	for item, err := range items {
		if err != nil {
			if closed := w.Close(); closed != nil {
				return closed
			}
			if count > 0 {
				return &partialError{err, count}
			}
			return err
		}
		if err := w.Write(item); err != nil {
			return err
		}
		count++
	}
	return w.Close()
}

// writeOne writes a single record.
func writeOne(w *tabular.Writer, record any) error {
	if err := w.Write(record); err != nil {
		return err
	}
	return w.Close()
}
