package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet/providers"
)

// call makes a request of the flags.
func (t *tool) call(cmd *cobra.Command, path string, o apiOptions) (providers.Call, error) {
	call := providers.Call{Method: strings.ToUpper(o.method), Path: path, Header: http.Header{}}
	for _, h := range o.headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return call, usagef(cmd, "--header wants name: value")
		}
		call.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	fields := map[string]any{}
	for _, f := range o.fields {
		key, value, ok := strings.Cut(f, "=")
		if !ok || key == "" {
			return call, usagef(cmd, "--field wants key=value")
		}
		fields[key] = value
	}
	if o.input != "" {
		body, err := t.input(o.input)
		if err != nil {
			return call, err
		}
		call.Body = body
	}
	if call.Method == "" && (call.Body != nil || len(fields) > 0 && !o.paginate) {
		call.Method = http.MethodPost
	}
	switch {
	case len(fields) == 0:
	case call.Body != nil:
		return call, usagef(cmd, "--field and --input cannot go together")
	case call.Method == "" || call.Method == http.MethodGet:
		call.Path = withQuery(path, fields)
	default:
		call.Body = fields
	}
	if o.paginate && (call.Body != nil || call.Method != "" && call.Method != http.MethodGet) {
		return call, usagef(cmd, "--paginate is for GET")
	}
	return call, nil
}

func withQuery(path string, fields map[string]any) string {
	q := url.Values{}
	for k, v := range fields {
		q.Set(k, fmt.Sprint(v))
	}
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return path + separator + q.Encode()
}

// input reads the JSON of a body.
func (t *tool) input(name string) (json.RawMessage, error) {
	var text []byte
	var err error
	if name == "-" {
		text, err = io.ReadAll(t.in)
	} else {
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, &usageError{err: err}
	}
	if !json.Valid(text) {
		return nil, &usageError{err: errors.New("--input is no JSON")}
	}
	return text, nil
}
