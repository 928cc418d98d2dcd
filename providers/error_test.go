package providers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

func TestError_reads_as_one_line_that_says_what_of_whom_and_why(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  providers.Error
		want string
	}{
		{
			providers.Error{Provider: tokens.GitLab, Op: providers.OpIssues, Target: "acme/web", Page: 3, Status: 403, Kind: providers.ErrScope, Message: "insufficient_scope"},
			"gitfleet: gitlab: fetch issues of acme/web: page 3: 403 scope missing: insufficient_scope",
		},
		{
			providers.Error{Provider: tokens.Bitbucket, Op: providers.OpIssues, Target: "acme/web", Kind: providers.ErrUnsupported},
			"gitfleet: bitbucket: fetch issues of acme/web: not supported",
		},
		{
			providers.Error{Provider: tokens.GitHub, Op: providers.OpCurrentUser, Page: 1, Status: 429, Kind: providers.ErrRateLimited},
			"gitfleet: github: fetch current user: 429 rate limited",
		},
		{providers.Error{Op: providers.OpGraphQL}, "gitfleet: query graphql: "},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("Error() = %q, want %q", got, tt.want)
		}
	}
}

func TestError_matches_its_kind_and_leads_to_its_cause(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	for _, kind := range sentinels {
		var err error = &providers.Error{Kind: kind, Err: cause}
		for _, other := range sentinels {
			want := other == kind || other == providers.ErrForbidden && (kind == providers.ErrSSO || kind == providers.ErrScope)
			if errors.Is(err, other) != want {
				t.Errorf("an error that is %q: errors.Is(%q) is %t", kind, other, !want)
			}
		}
		if !errors.Is(err, cause) {
			t.Errorf("an error that is %q does not lead to its cause", kind)
		}
	}
}

var sentinels = []error{
	providers.ErrNotFound, providers.ErrUnauthorized, providers.ErrForbidden, providers.ErrSSO, providers.ErrScope, providers.ErrRateLimited,
	providers.ErrUnsupported, providers.ErrConflict, providers.ErrInvalid, providers.ErrUnavailable, providers.ErrTooLarge, providers.ErrBlocked,
	providers.ErrMalformed, providers.ErrTimeout, providers.ErrCanceled, providers.ErrNetwork,
}

func TestError_is_temporary_if_nobody_has_to_change_anything(t *testing.T) {
	t.Parallel()
	temporary := map[error]bool{providers.ErrRateLimited: true, providers.ErrUnavailable: true, providers.ErrNetwork: true, providers.ErrTimeout: true}
	for _, kind := range sentinels {
		if e := (&providers.Error{Kind: kind}); e.Temporary() != temporary[kind] {
			t.Errorf("an error that is %q is temporary: %t", kind, e.Temporary())
		}
	}
}

func TestError_says_when_to_try_again(t *testing.T) {
	t.Parallel()
	reset := time.Now().Add(time.Hour)
	if e := (&providers.Error{Refusal: &providers.Refusal{Reset: reset}}); !e.RetryAt().Equal(reset) {
		t.Errorf("RetryAt() = %v, want %v", e.RetryAt(), reset)
	}
	if e := (&providers.Error{}); !e.RetryAt().IsZero() {
		t.Errorf("RetryAt() = %v, want none", e.RetryAt())
	}
}

// What a driver returns without an answer of the host.
func TestError_of_a_call_without_an_answer(t *testing.T) {
	t.Parallel()
	exhausted := &tokens.ExhaustedError{Provider: tokens.GitHub, Resource: "core", ReadyAt: time.Now().Add(time.Hour), Tokens: 2, States: map[tokens.State]int{tokens.Limited: 2}}
	dead := &tokens.ExhaustedError{Provider: tokens.GitHub, Tokens: 1, States: map[tokens.State]int{tokens.Invalid: 1}}
	until := time.Now().Add(time.Minute)
	sent := func(err error) error { return &url.Error{Op: "Get", URL: fakeHost, Err: err} }
	syntax := json.Unmarshal([]byte("<html>"), new(any))
	for name, tt := range map[string]struct{ err, kind error }{
		"canceled":              {sent(context.Canceled), providers.ErrCanceled},
		"deadline":              {sent(context.DeadlineExceeded), providers.ErrTimeout},
		"timeout":               {sent(os.ErrDeadlineExceeded), providers.ErrTimeout},
		"no such host":          {sent(&net.DNSError{Err: "no such host", Name: "x"}), providers.ErrNetwork},
		"refused":               {sent(errors.New("connection refused")), providers.ErrNetwork},
		"broke off":             {sent(io.ErrUnexpectedEOF), providers.ErrNetwork},
		"broken JSON":           {syntax, providers.ErrMalformed},
		"JSON of another type":  {json.Unmarshal([]byte("[1]"), new(struct{})), providers.ErrMalformed},
		"broke off later":       {fmt.Errorf("read: %w", io.ErrUnexpectedEOF), providers.ErrNetwork},
		"tokens spent":          {sent(exhausted), providers.ErrRateLimited},
		"tokens dead":           {sent(dead), providers.ErrUnauthorized},
		"no tokens":             {sent(tokens.ErrNoTokens), providers.ErrUnauthorized},
		"unknown token":         {sent(fmt.Errorf("x: %w", tokens.ErrUnknownToken)), providers.ErrInvalid},
		"closed manager":        {sent(tokens.ErrClosed), providers.ErrCanceled},
		"failing host":          {sent(&transport.UnavailableError{Until: until}), providers.ErrUnavailable},
		"the driver's own":      {fmt.Errorf("wrapped: %w", providers.Unsupported("why")), providers.ErrUnsupported},
		"own, without its kind": {&providers.Error{Err: context.Canceled}, providers.ErrCanceled},
	} {
		f := &fake{failure: tt.err}
		_, err := f.client().FetchRepository(t.Context(), "acme/web")
		var e *providers.Error
		if !errors.As(err, &e) || !errors.Is(err, tt.kind) {
			t.Errorf("%s: %v, want one that is %q", name, err, tt.kind)
			continue
		}
		if e.Provider != tokens.GitHub || e.Host != fakeHost || e.Op != providers.OpRepository || e.Target != "acme/web" {
			t.Errorf("%s: it is of %+v", name, e)
		}
		if strings.Contains(e.Error()[1:], "gitfleet: ") || strings.ContainsAny(e.Error(), "\n") {
			t.Errorf("%s: it reads %q", name, e)
		}
	}
	_, failing := (&fake{failure: sent(&transport.UnavailableError{Until: until})}).client().FetchRepository(t.Context(), "acme/web")
	if at, ok := failing.(interface{ RetryAt() time.Time }); !ok || !at.RetryAt().Equal(until) {
		t.Errorf("%v does not say when to come again", failing)
	}
	_, err := (&fake{failure: sent(exhausted)}).client().FetchRepository(t.Context(), "acme/web")
	var e *providers.Error
	var below *tokens.ExhaustedError
	if !errors.As(err, &e) || e.Refusal == nil || e.Refusal.Kind != providers.NoTokenLeft || e.Refusal.Resource != "core" || !e.RetryAt().Equal(exhausted.ReadyAt) {
		t.Errorf("spent tokens are %+v", e)
	}
	if !errors.As(err, &below) || below.Tokens != 2 {
		t.Errorf("%v does not lead to what package tokens says", err)
	}
}

// answerOf is an answer as a driver gets it.
func answerOf(status int, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Request: &http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "https", Host: "api.github.com", Path: "/x"}}}
}

func TestNewError_classifies_answers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		provider tokens.ProviderType
		resp     *http.Response
		body     string
		kind     error
		message  string
	}{
		{tokens.GitHub, answerOf(400), `{"message":"Problems parsing JSON"}`, providers.ErrInvalid, "Problems parsing JSON"},
		{tokens.GitHub, answerOf(401), `{"message":"Bad credentials"}`, providers.ErrUnauthorized, "Bad credentials"},
		{tokens.GitHub, answerOf(403), `{"message":"Must have admin rights"}`, providers.ErrForbidden, "Must have admin rights"},
		{tokens.GitHub, answerOf(403, "X-RateLimit-Remaining", "0", "X-RateLimit-Limit", "60", "X-RateLimit-Reset", "99999999999"), `{"message":"API rate limit exceeded"}`, providers.ErrRateLimited, "API rate limit exceeded"},
		{tokens.GitHub, answerOf(403, "Retry-After", "30"), `{"message":"You have exceeded a secondary rate limit"}`, providers.ErrRateLimited, "You have exceeded a secondary rate limit"},
		{tokens.GitHub, answerOf(403, "X-GitHub-SSO", "required; url=https://sso"), `{}`, providers.ErrSSO, ""},
		{tokens.GitHub, answerOf(403, "X-OAuth-Scopes", "", "X-Accepted-OAuth-Scopes", "repo"), `{}`, providers.ErrScope, ""},
		{tokens.GitHub, answerOf(403, "X-OAuth-Scopes", "gist, repo", "X-Accepted-OAuth-Scopes", "repo"), `{}`, providers.ErrForbidden, ""},
		{tokens.GitHub, answerOf(403, "X-Accepted-OAuth-Scopes", "repo"), `{}`, providers.ErrForbidden, ""},
		{tokens.GitHub, answerOf(403), `{"message":"The history or contributor list is too large to list"}`, providers.ErrTooLarge, "The history or contributor list is too large to list"},
		{tokens.GitHub, answerOf(403), `{"message":"Repository access blocked"}`, providers.ErrBlocked, "Repository access blocked"},
		{tokens.GitLab, answerOf(403), `{"error":"insufficient_scope","error_description":"The request requires higher privileges"}`, providers.ErrScope, "insufficient_scope: The request requires higher privileges"},
		{tokens.GitLab, answerOf(404), `{"message":"404 Project Not Found"}`, providers.ErrNotFound, "404 Project Not Found"},
		{tokens.GitLab, answerOf(400), `{"message":{"name":["is too short"]}}`, providers.ErrInvalid, `{"name":["is too short"]}`},
		{tokens.GitLab, answerOf(400), `{"message":["a","b"]}`, providers.ErrInvalid, `["a","b"]`},
		{tokens.GitLab, answerOf(429), "Retry later\n", providers.ErrRateLimited, "Retry later"},
		{tokens.Bitbucket, answerOf(404), `{"type":"error","error":{"message":"Repository acme/x not found"}}`, providers.ErrNotFound, "Repository acme/x not found"},
		{tokens.Bitbucket, answerOf(429), "Rate limit for this resource has been exceeded", providers.ErrRateLimited, "Rate limit for this resource has been exceeded"},
		{tokens.GitHub, answerOf(409), `{"message":null,"error":"e"}`, providers.ErrConflict, "e"},
		{tokens.GitHub, answerOf(410), ``, providers.ErrNotFound, ""},
		{tokens.GitHub, answerOf(413), ``, providers.ErrTooLarge, ""},
		{tokens.GitHub, answerOf(422), "{\"message\":\"two\\nlines\"}", providers.ErrInvalid, "two lines"},
		{tokens.GitHub, answerOf(451), ``, providers.ErrBlocked, ""},
		{tokens.GitHub, answerOf(500), `<html>oops</html>`, providers.ErrUnavailable, ""},
		{tokens.GitHub, answerOf(502), `[broken`, providers.ErrUnavailable, ""},
		{tokens.GitHub, answerOf(503), "upstream connect error", providers.ErrUnavailable, "upstream connect error"},
		{tokens.GitHub, answerOf(504), "\xff\xfe", providers.ErrTimeout, ""},
		{tokens.GitHub, answerOf(408), ``, providers.ErrTimeout, ""},
		{tokens.GitHub, answerOf(202), ``, providers.ErrUnavailable, ""},
		{tokens.GitHub, answerOf(302), ``, providers.ErrMalformed, ""},
	} {
		e := providers.NewError(providers.Info{Provider: tt.provider}, tt.resp, "", []byte(tt.body), nil)
		if !errors.Is(e, tt.kind) || e.Message != tt.message || e.Status != tt.resp.StatusCode {
			t.Errorf("%s %d %s is %v (%q), want %v (%q)", tt.provider, tt.resp.StatusCode, tt.body, e.Kind, e.Message, tt.kind, tt.message)
		}
		if limited := tt.kind == providers.ErrRateLimited; (e.Refusal != nil) != limited { //nolint:errorlint // it is the sentinel itself
			t.Errorf("%d %s has the refusal %+v", tt.resp.StatusCode, tt.body, e.Refusal)
		}
	}
}

func TestNewError_says_what_limit_it_was(t *testing.T) {
	t.Parallel()
	reset := time.Now().Add(time.Hour).Truncate(time.Second)
	primary := providers.NewError(providers.Info{Provider: tokens.GitHub},
		answerOf(403, "X-RateLimit-Remaining", "0", "X-RateLimit-Limit", "60", "X-RateLimit-Reset", fmt.Sprint(reset.Unix()), "X-RateLimit-Resource", "search"), "", nil, nil)
	if r := primary.Refusal; r == nil || r.Kind != providers.PrimaryLimit || r.Resource != "search" || !r.Reset.Equal(reset) {
		t.Errorf("a primary limit is %+v, want the reset %v", primary.Refusal, reset)
	}
	secondary := providers.NewError(providers.Info{Provider: tokens.GitHub}, answerOf(403, "Retry-After", "30"), "", []byte(`{"message":"You have exceeded a secondary rate limit"}`), nil)
	if r := secondary.Refusal; r == nil || r.Kind != providers.SecondaryLimit || r.RetryAfter != 30*time.Second || time.Until(r.Reset) > 31*time.Second || time.Until(r.Reset) < 20*time.Second {
		t.Errorf("a secondary limit is %+v", secondary.Refusal)
	}
}

func TestNewError_keeps_8_KiB_of_its_own(t *testing.T) {
	t.Parallel()
	body := []byte(strings.Repeat("x", 3*providers.MaxErrorBody))
	e := providers.NewError(providers.Info{}, answerOf(500), "", body, nil)
	body[0] = 'y'
	if len(e.Body) != 8<<10 || e.Body[0] != 'x' {
		t.Errorf("%d bytes are kept, the first is %q", len(e.Body), e.Body[0])
	}
	if len(e.Error()) > 1000 {
		t.Errorf("the text has %d bytes", len(e.Error()))
	}
}

func FuzzNewError(f *testing.F) {
	f.Add(403, `{"message":{"message":"x"}}`, "required; url=")
	f.Add(429, `{"error":null}`, "")
	f.Fuzz(func(t *testing.T, status int, body, sso string) {
		e := providers.NewError(providers.Info{Provider: tokens.GitHub}, answerOf(status, "X-GitHub-SSO", sso), "", []byte(body), nil)
		if e.Kind == nil || strings.ContainsAny(e.Error(), "\n\r") || len(e.Body) > providers.MaxErrorBody {
			t.Errorf("%q of the kind %v", e, e.Kind)
		}
	})
}
