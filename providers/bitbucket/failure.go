package bitbucket

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/ktrysmt/go-bitbucket"
)

// problem is what an error's body says besides its message.
type problem struct {
	Error struct {
		Detail json.RawMessage `json:"detail"` // a text, or an object
		Data   announcement    `json:"data"`
	} `json:"error"`
	Data announcement `json:"data"`
}

type announcement struct {
	URL string `json:"announcement_url"`
}

// failure makes an error of an answer. go-bitbucket's own is below it.
func (d *driver) failure(resp *http.Response) error {
	body := providers.ReadBody(resp)
	e := providers.NewError(d.info, resp, "", body, &bitbucket.UnexpectedResponseStatusError{
		Status: resp.Status, StatusCode: resp.StatusCode, Body: body,
	})
	var said problem
	_ = json.Unmarshal(body, &said) // a refusal for a limit is plain text
	switch {
	case resp.StatusCode == http.StatusForbidden && e.Kind == providers.ErrForbidden: //nolint:errorlint // it is the sentinel itself
		lackOfScope(e, said.Error.Detail)
	case resp.StatusCode == http.StatusGone:
		e.Message = gone(e.Message, said)
	case resp.StatusCode/100 == 3:
		e.Message = "the answer is a redirect to another host"
	}
	return e
}

// lackOfScope reads the scopes that a token has and would need.
func lackOfScope(e *providers.Error, detail json.RawMessage) {
	var scopes struct {
		Required []string `json:"required"`
		Granted  []string `json:"granted"`
	}
	if json.Unmarshal(detail, &scopes) != nil || len(scopes.Required) == 0 {
		return
	}
	e.Kind = providers.ErrScope
	e.MissingScopes = slices.DeleteFunc(scopes.Required, func(s string) bool { return slices.Contains(scopes.Granted, s) })
}

// gone explains a 410. Bitbucket removes endpoints, such as those that listed
// across workspaces (CHANGE-2770) and issues, and says where it was announced.
func gone(message string, said problem) string {
	text := "Bitbucket has removed this"
	if message != "" {
		text += ": " + message
	}
	for _, a := range []announcement{said.Error.Data, said.Data} {
		if a.URL != "" {
			return text + ", see " + a.URL
		}
	}
	return text
}

// explained adds to the message of an error with one of the statuses.
func explained(err error, why string, statuses ...int) error {
	var e *providers.Error
	if !errors.As(err, &e) || !slices.Contains(statuses, e.Status) {
		return err
	}
	if e.Message != "" {
		e.Message += " – "
	}
	e.Message += why
	return e
}

// hasStatus reports whether an answer had that status.
func hasStatus(err error, status int) bool {
	var e *providers.Error
	return errors.As(err, &e) && e.Status == status
}
