package gitlab

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
)

// GraphQL implements [providers.GraphQLDriver]. If there is an error as well as
// data, out has the data.
func (d *driver) GraphQL(ctx context.Context, query string, variables map[string]any, out any) error {
	body, err := json.Marshal(struct {
		Query     string         `json:"query"`
		Variables map[string]any `json:"variables,omitempty"`
	}{query, variables})
	if err != nil {
		return &providers.Error{Kind: providers.ErrInvalid, Message: "the variables are no JSON", Err: err}
	}
	req, err := d.request(ctx, http.MethodPost, strings.TrimSuffix(d.base.String(), "v4/")+"graphql", body)
	if err != nil {
		return err
	}
	a, err := d.ask(req)
	if err != nil {
		return err
	}
	return decodeGraphQL(a, out)
}

func decodeGraphQL(a answer, out any) error {
	var reply struct {
		Data   json.RawMessage `json:"data"`
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(a.body, &reply); err != nil {
		return providers.Malformed(a.status, err)
	}
	hasData := len(reply.Data) > 0 && string(reply.Data) != "null"
	if hasData && out != nil {
		if err := json.Unmarshal(reply.Data, out); err != nil {
			return providers.Malformed(a.status, err)
		}
	}
	if len(reply.Errors) > 0 {
		var texts []string
		for _, e := range reply.Errors {
			texts = append(texts, e.Message)
		}
		return &providers.Error{
			Status: a.status, Kind: providers.ErrInvalid, Message: strings.Join(texts, "; "),
			Body: a.body[:min(len(a.body), providers.MaxErrorBody)],
		}
	}
	if !hasData {
		return providers.Malformed(a.status, errors.New("there is neither data nor an error"))
	}
	return nil
}
