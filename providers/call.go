package providers

import (
	"context"
	"encoding/json"
	"iter"
)

// Call sends a request of the caller's own, below the API's base, and decodes
// the answer. A status of 400 or more is an [*Error].
func (c *Client) Call(ctx context.Context, call Call) (Answer, error) {
	a, err := c.driver.Call(ctx, call)
	return a, c.failure(OpCall, call.Path, 0, err)
}

// Pages returns the pages of any list of the host's, as they come: the body of
// the answer to a GET of path, and of all that its next links lead to.
func (c *Client) Pages(ctx context.Context, path string) iter.Seq2[json.RawMessage, error] {
	w := &walk[json.RawMessage]{
		client: c, op: OpCall, target: path,
		fetch: func(ctx context.Context, _ Query, at Position) (Page[json.RawMessage], error) {
			var body json.RawMessage
			call := Call{Path: path, Out: &body}
			if at.Next != "" {
				call.Path = at.Next
			}
			a, err := c.driver.Call(ctx, call)
			if err != nil {
				return Page[json.RawMessage]{}, err
			}
			return Page[json.RawMessage]{Items: []json.RawMessage{body}, Next: a.Next}, nil
		},
		key: func(*json.RawMessage) string { return "" },
	}
	return w.all(ctx)
}

// GraphQL sends a query and decodes the "data" of the answer into out.
func (c *Client) GraphQL(ctx context.Context, query string, variables map[string]any, out any) error {
	d, ok := c.driver.(GraphQLDriver)
	if !ok {
		return c.failure(OpGraphQL, "", 0, Unsupported(""))
	}
	return c.failure(OpGraphQL, "", 0, d.GraphQL(ctx, query, variables, out))
}
