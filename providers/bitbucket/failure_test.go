package bitbucket_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/providers"
	gobitbucket "github.com/ktrysmt/go-bitbucket"
)

// failing answers GET of a repository.
func failing(t *testing.T, a reply) error {
	t.Helper()
	s := &script{answers: map[string]reply{"/repositories/acme/web": a}}
	_, err := s.client(t).FetchRepository(t.Context(), "acme/web")
	return err
}

func TestErrors_say_what_Bitbucket_said(t *testing.T) {
	t.Parallel()
	err := failing(t, reply{status: 404, body: `{"type":"error","error":{"message":"Repository acme/web not found"}}`})
	wantError(t, err, providers.ErrNotFound)
	if got, want := err.Error(), "gitfleet: bitbucket: fetch repository of acme/web: 404 not found: Repository acme/web not found"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
	var library *gobitbucket.UnexpectedResponseStatusError
	if !errors.As(err, &library) || library.StatusCode != 404 || len(library.Body) == 0 {
		t.Errorf("below it is %+v", library)
	}
}

func TestErrors_tell_what_was_removed_and_where_that_was_said(t *testing.T) {
	t.Parallel()
	err := failing(t, reply{status: 410, body: `{"type":"error","error":{"message":"CHANGE-2770 - Functionality has been deprecated",
		"detail":"Please read the changelog entry for more details.","data":{"announcement_url":"https://developer.example/changelog#CHANGE-2770"}}}`})
	wantError(t, err, providers.ErrNotFound, "Bitbucket has removed this", "CHANGE-2770", "https://developer.example/changelog#CHANGE-2770")
	wantError(t, failing(t, reply{status: 410}), providers.ErrNotFound, "Bitbucket has removed this")
}

func TestErrors_name_the_scopes_that_are_missing(t *testing.T) {
	t.Parallel()
	err := failing(t, reply{status: 403, body: `{"type":"error","error":{"message":"Your credentials lack one or more required privilege scopes.",
		"detail":{"granted":["account","repository"],"required":["repository","pullrequest"]}}}`})
	wantError(t, err, providers.ErrScope, "lack one or more")
	wantError(t, err, providers.ErrForbidden)
	var e *providers.Error
	if !errors.As(err, &e) || !slices.Equal(e.MissingScopes, []string{"pullrequest"}) {
		t.Errorf("missing are %v, want pullrequest", e.MissingScopes)
	}
	for _, detail := range []string{`"Ask somebody"`, `{"granted":["account"]}`, `{}`, `null`} {
		err = failing(t, reply{status: 403, body: `{"type":"error","error":{"message":"Access denied","detail":` + detail + `}}`})
		if wantError(t, err, providers.ErrForbidden, "Access denied"); errors.Is(err, providers.ErrScope) {
			t.Errorf("%s: %v is about a scope", detail, err)
		}
	}
}

// A refusal for a limit is plain text and names no time.
func TestErrors_know_a_limit_by_its_plain_text(t *testing.T) {
	t.Parallel()
	s := &script{answers: map[string]reply{"/repositories/acme/web": {
		status: 429, header: http.Header{"Content-Type": {"text/plain"}}, body: "Rate limit for this resource has been exceeded",
	}}}
	_, err := portable(t, s).FetchRepository(t.Context(), "acme/web")
	wantError(t, err, providers.ErrRateLimited, "Rate limit for this resource has been exceeded")
	var e *providers.Error
	if !errors.As(err, &e) || e.Refusal == nil || e.Refusal.Kind != providers.PrimaryLimit || !e.Refusal.Reset.IsZero() {
		t.Errorf("the refusal is %+v, want a primary limit whose end nobody knows", e.Refusal)
	}
}

func TestErrors_explain_who_has_no_user(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]error{401: providers.ErrUnauthorized, 403: providers.ErrForbidden} {
		s := &script{answers: map[string]reply{"/user": {status: status, body: `{"type":"error","error":{"message":"Token is invalid, expired, or not supported for this endpoint."}}`}}}
		_, err := s.client(t).FetchCurrentUser(t.Context())
		wantError(t, err, kind, "not supported for this endpoint. – access tokens of a repository, a project or a workspace have no user")
	}
	_, err := told(nil).client(t).FetchUser(t.Context(), "ada")
	wantError(t, err, providers.ErrNotFound, "by account ID or {uuid}, not by nickname")
}

func TestErrors_of_answers_that_are_none(t *testing.T) {
	t.Parallel()
	page := reply{header: http.Header{"Content-Type": {"text/html"}}, body: "<!DOCTYPE html><title>Log in</title>"}
	wantError(t, failing(t, page), providers.ErrMalformed, "is a page, not JSON")
	var e *providers.Error
	if err := failing(t, page); !errors.As(err, &e) || string(e.Body) != page.body || e.Status != 200 {
		t.Errorf("the error keeps %q of %d", e.Body, e.Status)
	}
	for _, body := range []string{`[]`, `{}`, `null`, `"text"`, ``, `{"uuid":"{1}","full_name":"noslash"}`} {
		wantError(t, failing(t, reply{body: body}), providers.ErrMalformed)
	}
	wantError(t, failing(t, reply{status: 202, body: `{}`}), providers.ErrUnavailable)
	wantError(t, failing(t, reply{status: 204}), providers.ErrMalformed)
	elsewhere := reply{status: 301, header: http.Header{"Location": {"https://elsewhere.example/2.0/x"}}}
	wantError(t, failing(t, elsewhere), providers.ErrMalformed, "redirect to another host")
}

func TestRepository_that_moved_is_found_under_its_old_name(t *testing.T) {
	t.Parallel()
	s := &script{answers: map[string]reply{
		"/repositories/acme/old": {status: 301, header: http.Header{"Location": {home + "/repositories/acme/web"}}},
		"/repositories/acme/web": {body: main},
	}}
	r, err := s.client(t).FetchRepository(t.Context(), "acme/old")
	if err != nil || r.FullName != "acme/web" {
		t.Errorf("FetchRepository() = %s, %v", r.FullName, err)
	}
	loop := reply{status: 301, header: http.Header{"Location": {home + "/repositories/acme/web"}}}
	wantError(t, failing(t, loop), providers.ErrNetwork, "too many redirects")
}

// An error is shown to people, so that it must not hold a token.
func TestI1_errors_hold_no_token(t *testing.T) {
	t.Parallel()
	s := &script{answers: map[string]reply{"/repositories/acme/web": {status: 401, body: `{}`}}}
	_, err := s.client(t).FetchRepository(t.Context(), "acme/web")
	wantError(t, err, providers.ErrUnauthorized)
	for e := err; e != nil; e = errors.Unwrap(e) {
		if text := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(text, canary.Mark) {
			t.Errorf("an error of type %T shows a token", e)
		}
	}
}
