package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/providers"
)

// graphQL returns where queries go: beside the REST API of an Enterprise Server,
// below the same root elsewhere (GitHub Docs, "Forming calls with GraphQL").
func (d *driver) graphQL() string {
	u := *d.lib.BaseURL
	u.Path = strings.TrimSuffix(u.Path, "v3/") + "graphql"
	return u.String()
}

// GraphQL decodes what there is of "data" even if there are errors besides.
func (d *driver) GraphQL(ctx context.Context, query string, variables map[string]any, out any) error {
	req, err := d.lib.NewRequest(http.MethodPost, d.graphQL(), map[string]any{"query": query, "variables": variables})
	if err != nil {
		return &providers.Error{Kind: providers.ErrInvalid, Message: err.Error(), Err: err}
	}
	resp, err := d.send(ctx, req, d.most)
	if err != nil {
		return err
	}
	var answer struct {
		Data    json.RawMessage `json:"data"`
		Errors  []queryError    `json:"errors"`
		Message string          `json:"message"`
	}
	if err := decode(resp, &answer); err != nil {
		return err
	}
	if hasData := len(answer.Data) > 0 && string(answer.Data) != "null"; hasData && out != nil {
		if err := json.Unmarshal(answer.Data, out); err != nil {
			return providers.Malformed(resp.StatusCode, err)
		}
	} else if !hasData && len(answer.Errors) == 0 {
		return providers.Malformed(resp.StatusCode, errors.New("the answer has neither data nor errors"))
	}
	return queryFailure(resp, answer.Errors)
}

// queryError is one of the errors that come with status 200.
type queryError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// queryFailure makes an error of those of a query. The first says what it is.
func queryFailure(resp *http.Response, errs []queryError) error {
	if len(errs) == 0 {
		return nil
	}
	e := &providers.Error{Status: resp.StatusCode, Kind: queryKind(errs[0].Type), Message: errs[0].Message}
	if more := len(errs) - 1; more > 0 {
		e.Message += fmt.Sprintf(" (and %d more)", more)
	}
	if errors.Is(e.Kind, providers.ErrRateLimited) {
		e.Refusal = &providers.Refusal{Resource: "graphql", Kind: providers.PrimaryLimit}
		if reset, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil {
			e.Refusal.Reset = time.Unix(reset, 0).UTC()
		}
	}
	return e
}

// queryKind reads the type of an error. A query that is wrong has none.
func queryKind(kind string) error {
	switch kind {
	case "NOT_FOUND":
		return providers.ErrNotFound
	case "FORBIDDEN":
		return providers.ErrForbidden
	case "INSUFFICIENT_SCOPES":
		return providers.ErrScope
	case "RATE_LIMITED", "RATE_LIMIT":
		return providers.ErrRateLimited
	case "SERVICE_UNAVAILABLE":
		return providers.ErrUnavailable
	case "MAX_NODE_LIMIT_EXCEEDED", "RESOURCE_LIMITS_EXCEEDED":
		return providers.ErrTooLarge
	}
	return providers.ErrInvalid
}
