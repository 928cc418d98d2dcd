package github_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/github"
	gogithub "github.com/google/go-github/v66/github"
)

// wantError checks an error's kind and that its text has a part.
func wantError(t *testing.T, err, kind error, text string) {
	t.Helper()
	if !errors.Is(err, kind) || err != nil && !strings.Contains(err.Error(), text) {
		t.Errorf("the error is %v, want one that is %q with %q", err, kind, text)
	}
}

func TestDriver_contributors_that_are_too_many(t *testing.T) {
	t.Parallel()
	s := told(nil)
	s.answers["/repos/torvalds/linux/contributors"] = reply{
		status: http.StatusForbidden,
		body:   `{"message":"The history or contributor list is too large to list contributors for this repository via the API."}`,
	}
	_, err := s.client(t).FetchContributors(t.Context(), "torvalds/linux")
	wantError(t, err, providers.ErrTooLarge, "fetch contributors of torvalds/linux: 403")
}

func TestDriver_a_list_that_wants_cursors_says_so(t *testing.T) {
	t.Parallel()
	s := told(nil)
	s.answers["/repos/acme/web/issues"] = reply{
		status: http.StatusUnprocessableEntity,
		body:   `{"message":"Pagination with the page parameter is not supported for large datasets, please use cursor based pagination (after/before)"}`,
	}
	_, err := s.client(t).FetchIssues(t.Context(), "acme/web")
	wantError(t, err, providers.ErrTooLarge, "cursor based pagination")
	s.answers["/repos/acme/web/issues"] = reply{status: http.StatusUnprocessableEntity, body: `{"message":"Validation Failed"}`}
	_, err = s.client(t).FetchIssues(t.Context(), "acme/web")
	wantError(t, err, providers.ErrInvalid, "Validation Failed")
}

func TestDriver_an_installation_is_told_that_it_is_no_user(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Accounts: []fleettest.Account{{Login: "app", Tokens: []string{tokenA}, Installation: true}}})
	c := simulated(t, sim)
	_, user := c.FetchCurrentUser(t.Context())
	_, repositories := c.FetchRepositories(t.Context(), "")
	_, organizations := c.FetchOrganizations(t.Context(), "")
	for _, err := range []error{user, repositories, organizations} {
		wantError(t, err, providers.ErrForbidden, "not accessible by integration (the token is that of an installation, which is no user)")
	}
}

func TestDriver_single_sign_on_and_scopes_are_told_apart(t *testing.T) {
	t.Parallel()
	s := told(nil)
	s.answers["/repos/acme/sso"] = reply{status: http.StatusForbidden, body: `{"message":"Resource protected by organization SAML enforcement."}`,
		header: http.Header{"X-Github-Sso": {"required; url=https://github.com/orgs/acme/sso?x=1"}}}
	s.answers["/repos/acme/scope"] = reply{status: http.StatusForbidden, body: `{"message":"Must have admin rights"}`,
		header: http.Header{"X-Oauth-Scopes": {"gist"}, "X-Accepted-Oauth-Scopes": {"repo, admin:org"}}}
	c := s.client(t)
	var e *providers.Error
	if _, err := c.FetchRepository(t.Context(), "acme/sso"); !errors.Is(err, providers.ErrSSO) || !errors.As(err, &e) || e.SSO != "https://github.com/orgs/acme/sso?x=1" {
		t.Errorf("%v; %+v", err, e)
	}
	if _, err := c.FetchRepository(t.Context(), "acme/scope"); !errors.Is(err, providers.ErrScope) || !errors.As(err, &e) || len(e.MissingScopes) != 2 {
		t.Errorf("%v; %+v", err, e)
	}
}

func TestDriver_the_librarys_own_errors_are_reached(t *testing.T) {
	t.Parallel()
	s := told(nil)
	s.answers["/repos/acme/gone"] = reply{status: http.StatusUnavailableForLegalReasons, body: `{"message":"Repository access blocked","block":{"reason":"dmca"}}`}
	s.answers["/repos/acme/later"] = reply{status: http.StatusAccepted, body: `{"job":1}`}
	c := s.client(t)
	var own *gogithub.ErrorResponse
	_, err := c.FetchRepository(t.Context(), "acme/gone")
	if !errors.As(err, &own) || own.Block == nil || own.Block.Reason != "dmca" {
		t.Errorf("%v leads to %+v", err, own)
	}
	wantError(t, err, providers.ErrBlocked, "Repository access blocked")
	var accepted *gogithub.AcceptedError
	_, err = c.FetchRepository(t.Context(), "acme/later")
	if !errors.As(err, &accepted) || string(accepted.Raw) != `{"job":1}` {
		t.Errorf("%v leads to %+v", err, accepted)
	}
	wantError(t, err, providers.ErrUnavailable, "not ready yet")
}

// go-github remembers that limits are spent and sends nothing until they are
// not. The driver leaves that to the transport.
func TestI14_a_limit_that_is_spent_does_not_silence_the_driver(t *testing.T) {
	t.Parallel()
	s := told(nil)
	spent := http.Header{"X-Ratelimit-Limit": {"5000"}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"99999999999"}}
	s.answers["/repos/acme/web"] = reply{body: `{"id": 1}`, header: spent}
	c, err := github.New(providers.Config{Transport: s, Anonymous: true})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := c.FetchRepository(t.Context(), "acme/web"); err != nil {
			t.Error(err)
		}
	}
	if len(s.urls()) != 3 {
		t.Errorf("%d requests, want 3", len(s.urls()))
	}
}

func TestDriver_an_error_keeps_a_part_of_a_long_answer(t *testing.T) {
	t.Parallel()
	s := told(nil)
	s.answers["/repos/acme/web"] = reply{status: http.StatusBadGateway, body: "<html>" + strings.Repeat("x", 3<<20)}
	_, err := s.client(t).FetchRepository(t.Context(), "acme/web")
	var e *providers.Error
	if !errors.As(err, &e) || len(e.Body) != providers.MaxErrorBody || e.Message != "" {
		t.Errorf("%d bytes are kept, and the message %q", len(e.Body), e.Message)
	}
}
