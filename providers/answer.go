package providers

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// MaxErrorBody is how many bytes of an answer an [*Error] keeps.
const MaxErrorBody = 8 << 10

// NewError is for drivers: it makes an error of an answer whose status is none
// of success. The message is what the library found in the body; if it is empty
// the body is looked into, of which at most [MaxErrorBody] bytes are kept.
func NewError(i Info, resp *http.Response, message string, body []byte, cause error) *Error {
	body = slices.Clone(body[:min(len(body), MaxErrorBody)])
	if message == "" {
		message = messageIn(body)
	}
	e := &Error{Status: resp.StatusCode, Message: oneLine(message), Body: body, Err: cause}
	e.Kind = kindOfStatus(resp.StatusCode)
	if resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusTooManyRequests {
		e.refused(i, resp, body)
	}
	return e
}

func kindOfStatus(status int) error {
	switch status {
	case http.StatusUnauthorized:
		return ErrUnauthorized
	case http.StatusForbidden:
		return ErrForbidden
	case http.StatusNotFound, http.StatusGone:
		return ErrNotFound
	case http.StatusConflict:
		return ErrConflict
	case http.StatusRequestEntityTooLarge:
		return ErrTooLarge
	case http.StatusTooManyRequests:
		return ErrRateLimited
	case http.StatusUnavailableForLegalReasons:
		return ErrBlocked
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return ErrTimeout
	case http.StatusAccepted:
		return ErrUnavailable // "come again", as GitHub's statistics say
	}
	switch {
	case status >= 500:
		return ErrUnavailable
	case status >= 400:
		return ErrInvalid
	}
	return ErrMalformed
}

// refused looks into a 403 or 429: a limit, a missing permission, or something
// that the host will not do for anybody.
func (e *Error) refused(i Info, resp *http.Response, body []byte) {
	seen := dialect(i).Observe(requestOf(resp), ratelimit.Response{Status: resp.StatusCode, Header: resp.Header, Body: body}, time.Now())
	if seen.Class.Limit() {
		e.Kind, e.Refusal = ErrRateLimited, refusalOf(seen)
		return
	}
	if sso := resp.Header.Get("X-GitHub-SSO"); strings.HasPrefix(sso, "required") {
		e.Kind = ErrSSO
		_, e.SSO, _ = strings.Cut(sso, "url=")
		return
	}
	if missing := missingScopes(resp.Header); len(missing) > 0 {
		e.Kind, e.MissingScopes = ErrScope, missing
		return
	}
	switch text := strings.ToLower(e.Message); {
	case strings.Contains(text, "too large"):
		e.Kind = ErrTooLarge // GitHub's word on contributors of a huge repository
	case strings.Contains(text, "access blocked"):
		e.Kind = ErrBlocked
	case strings.Contains(text, "insufficient_scope"):
		e.Kind = ErrScope // GitLab's word
	}
}

func requestOf(resp *http.Response) ratelimit.Request {
	if resp.Request == nil {
		return ratelimit.Request{}
	}
	return ratelimit.Request{Method: resp.Request.Method, URL: resp.Request.URL}
}

func refusalOf(seen ratelimit.Observation) *Refusal {
	l := &Refusal{Resource: seen.Resource, Kind: PrimaryLimit, Reset: seen.Reset}
	if seen.Class == ratelimit.SecondaryLimit {
		l.Kind = SecondaryLimit
	}
	l.RetryAfter = seen.RetryAfter.Or(0)
	if at := seen.At.Add(l.RetryAfter); l.RetryAfter > 0 && at.After(l.Reset) {
		l.Reset = at
	}
	return l
}

// missingScopes returns the scopes that would have done, if the token has none
// of them (GitHub Docs, "Scopes for OAuth apps": X-Accepted-OAuth-Scopes).
func missingScopes(h http.Header) []string {
	accepted := scopes(h.Get("X-Accepted-OAuth-Scopes"))
	if _, told := h["X-Oauth-Scopes"]; !told || len(accepted) == 0 {
		return nil
	}
	for _, has := range scopes(h.Get("X-OAuth-Scopes")) {
		if slices.Contains(accepted, has) {
			return nil
		}
	}
	return accepted
}

func scopes(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// messageIn finds what a body says went wrong: the hosts' JSON, or plain text if
// it is no page.
func messageIn(body []byte) string {
	var answer struct {
		Message json.RawMessage `json:"message"`
		Error   json.RawMessage `json:"error"`
		Detail  string          `json:"error_description"`
	}
	if json.Unmarshal(body, &answer) != nil {
		text := strings.TrimSpace(string(body))
		if strings.HasPrefix(text, "<") || strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") || !utf8.ValidString(text) {
			return ""
		}
		return text
	}
	for _, found := range []json.RawMessage{answer.Message, answer.Error} {
		if text := textIn(found); text != "" {
			if answer.Detail != "" {
				text += ": " + answer.Detail
			}
			return text
		}
	}
	return answer.Detail
}

// textIn reads a message that is a string, Bitbucket's object with a message, or
// GitLab's object or list of reasons.
func textIn(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var object struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(raw, &object) == nil && object.Message != "" {
		return object.Message
	}
	if string(raw) == "null" {
		return ""
	}
	return string(raw)
}

// maxMessage is how much of a message an error's text shows.
const maxMessage = 500

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return s
}

// Malformed is for drivers: it makes an error of an answer that cannot be read.
func Malformed(status int, cause error) *Error {
	return &Error{Status: status, Kind: ErrMalformed, Message: oneLine(textOf(cause)), Err: cause}
}

// Unsupported is for drivers: it makes an error of something that the host does
// not have; why may be empty.
func Unsupported(why string) *Error { return &Error{Kind: ErrUnsupported, Message: why} }

// invalid makes an error of bad arguments.
func invalid(err error) *Error { return &Error{Kind: ErrInvalid, Message: textOf(err), Err: err} }

func isMalformed(err error) bool {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &kind)
}

// ReadBody is for drivers: it reads what an [*Error] keeps of an answer.
func ReadBody(resp *http.Response) []byte {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, MaxErrorBody))
	return body
}
