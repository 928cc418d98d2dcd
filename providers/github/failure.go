package github

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-github/v66/github"
)

// maxFailure is how much of an answer is read that is an error.
const maxFailure = 1 << 20

// failure makes an error of an answer whose status is none of success, and closes
// it. What go-github makes of it is below.
func (d *driver) failure(resp *http.Response) error {
	defer resp.Body.Close()
	resp.Body = io.NopCloser(io.LimitReader(resp.Body, maxFailure))
	cause := github.CheckResponse(resp)
	body, _ := io.ReadAll(resp.Body) // a copy in memory by now, but for 202
	var accepted *github.AcceptedError
	if errors.As(cause, &accepted) {
		accepted.Raw = body
	}
	resp.Body = io.NopCloser(bytes.NewReader(body)) // for those who look into the library's error
	e := providers.NewError(d.info, resp, "", body, cause)
	switch text := strings.ToLower(e.Message); {
	case resp.StatusCode == http.StatusUnprocessableEntity && strings.Contains(text, "pagination"):
		// Long lists of issues have no pages by number beyond some limit: "Pagination
		// with the page parameter is not supported for large datasets, please use
		// cursor based pagination (after/before)".
		e.Kind = providers.ErrTooLarge
	case resp.StatusCode == http.StatusForbidden && strings.Contains(text, "not accessible by integration") && d.ofUser(resp):
		e.Message += " (the token is that of an installation, which is no user)"
	case resp.StatusCode/100 == 3:
		e.Message = "the host redirects to where its API is not"
	case accepted != nil && e.Message == "":
		e.Message = "the answer is not ready yet"
	}
	return e
}

// ofUser reports whether an answer is about the user whose token it is.
func (d *driver) ofUser(resp *http.Response) bool {
	if resp.Request == nil {
		return false
	}
	path := strings.TrimPrefix(resp.Request.URL.Path, d.lib.BaseURL.Path)
	return path == "user" || strings.HasPrefix(path, "user/")
}

// emptyRepository reports whether err is what GitHub says of commits and trees of
// a repository that has none: 409, "Git Repository is empty.".
func emptyRepository(err error) bool {
	var e *providers.Error
	return errors.As(err, &e) && e.Status == http.StatusConflict
}

// missing makes an error of a path that does not lead to what is wanted.
func missing(message string) error {
	return &providers.Error{Kind: providers.ErrNotFound, Message: message}
}
