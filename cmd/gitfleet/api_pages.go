package main

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet/providers"
)

// pages writes the records of all pages as one list.
func (t *tool) pages(cmd *cobra.Command, c *providers.Client, path string, ndjson bool) error {
	w := &merged{out: t.out, ndjson: ndjson}
	for page, err := range c.Pages(cmd.Context(), path) {
		if err != nil {
			if closed := w.close(); closed != nil {
				return closed
			}
			if w.count > 0 {
				return &partialError{err, w.count}
			}
			return t.withBody(err)
		}
		for _, item := range itemsOf(page) {
			if err := w.write(item); err != nil {
				return err
			}
		}
	}
	return w.close()
}

// itemsOf returns the records of a page: a list, or an object around one, as
// Bitbucket's lists and GitHub's searches are. Anything else is one record.
func itemsOf(page json.RawMessage) []json.RawMessage {
	var items []json.RawMessage
	if json.Unmarshal(page, &items) == nil {
		return items
	}
	var around struct{ Values, Items []json.RawMessage }
	if json.Unmarshal(page, &around) == nil {
		switch {
		case around.Values != nil:
			return around.Values
		case around.Items != nil:
			return around.Items
		}
	}
	return []json.RawMessage{page}
}

// merged writes records as one JSON array, or a line each.
type merged struct {
	out    io.Writer
	ndjson bool
	count  int
}

func (m *merged) write(item json.RawMessage) error {
	var line bytes.Buffer
	switch {
	case m.ndjson:
	case m.count == 0:
		line.WriteString("[\n")
	default:
		line.WriteString(",\n")
	}
	if err := json.Compact(&line, item); err != nil {
		return err
	}
	if m.ndjson {
		line.WriteByte('\n')
	}
	m.count++
	_, err := m.out.Write(line.Bytes())
	return err
}

// close writes the end of the array.
func (m *merged) close() error {
	end := "\n]\n"
	switch {
	case m.ndjson:
		return nil
	case m.count == 0:
		end = "[]\n"
	}
	_, err := io.WriteString(m.out, end)
	return err
}
