package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet/providers"
)

// apiOptions are the flags of the command.
type apiOptions struct {
	method   string
	fields   []string
	headers  []string
	input    string
	paginate bool
	ndjson   bool
}

const apiHelp = `Send a request through the fleet and print the answer's body as it is.

PATH is below the API's base, such as repos/acme/web, or a full address of the
API. The fields of -f go into the query of a GET and into the JSON body of every
other request; with -f or --input the method defaults to POST. The path graphql
takes -f query=…, and the other fields as variables.

--paginate follows the links to the next pages and writes the records of all
lists as one.`

func (t *tool) apiCommand() *cobra.Command {
	var o apiOptions
	cmd := &cobra.Command{
		Use: "api PATH", Short: "Send a request of your own through the fleet", GroupID: groupRead, Long: apiHelp, Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.api(cmd, args[0], o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.method, "method", "X", "", "`method` (default: GET, or POST with a body)")
	f.StringArrayVarP(&o.fields, "field", "f", nil, "`key=value` for the query or the body")
	f.StringArrayVarP(&o.headers, "header", "H", nil, "`name: value` of a header")
	f.StringVar(&o.input, "input", "", "`file` whose JSON is the body; - is standard input")
	f.BoolVar(&o.paginate, "paginate", false, "read all pages of a list")
	f.BoolVar(&o.ndjson, "ndjson", false, "with --paginate: a record a line instead of one array")
	return cmd
}

func (t *tool) api(cmd *cobra.Command, path string, o apiOptions) error {
	call, err := t.call(cmd, path, o)
	if err != nil {
		return err
	}
	s, err := t.open(cmd)
	if err != nil {
		return err
	}
	defer s.close()
	c, err := s.apiClient(path)
	if err != nil {
		return err
	}
	switch {
	case o.paginate:
		return t.pages(cmd, c, call.Path, o.ndjson)
	case strings.Trim(path, "/") == "graphql":
		return t.graphQL(cmd, c, call)
	}
	call.Out = t.out
	_, err = c.Call(cmd.Context(), call)
	return t.withBody(err)
}

// apiClient returns the client of the host that the path is an address of, else
// that of the flags.
func (s *session) apiClient(path string) (*providers.Client, error) {
	if !strings.Contains(path, "://") {
		return s.client()
	}
	u, err := url.Parse(path)
	if err != nil || u.Hostname() == "" {
		return nil, &usageError{err: errors.New("the address is no URL")}
	}
	c, _, err := s.clientAt(u)
	return c, err
}

// graphQL sends a query and prints the data of the answer.
func (t *tool) graphQL(cmd *cobra.Command, c *providers.Client, call providers.Call) error {
	variables, _ := call.Body.(map[string]any)
	query, ok := variables["query"].(string)
	if !ok {
		return usagef(cmd, "graphql wants -f query=…")
	}
	delete(variables, "query")
	var data json.RawMessage
	if err := c.GraphQL(cmd.Context(), query, variables, &data); err != nil {
		return t.withBody(err)
	}
	_, err := fmt.Fprintf(t.out, "%s\n", data)
	return err
}

// withBody prints what the host said of a failure, as it said it.
func (t *tool) withBody(err error) error {
	var e *providers.Error
	if errors.As(err, &e) && len(e.Body) > 0 {
		if _, failed := fmt.Fprintf(t.out, "%s\n", strings.TrimRight(string(e.Body), "\n")); failed != nil {
			return failed
		}
	}
	return err
}
