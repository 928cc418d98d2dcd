package bitbucket_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/bitbucket"
	"github.com/gitfleet/gitfleet/tokens"
	gobitbucket "github.com/ktrysmt/go-bitbucket"
)

// portable returns a portable client whose requests go to rt as they are.
func portable(t testing.TB, rt http.RoundTripper) *providers.Client {
	t.Helper()
	c, err := bitbucket.New(providers.Config{Transport: rt, Anonymous: true})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNew_takes_a_host_as_tokens_name_it(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"": "https://api.bitbucket.org", "bitbucket.org": "https://api.bitbucket.org", "https://api.bitbucket.org/2.0": "https://api.bitbucket.org",
		"http://127.0.0.1:8080/root/": "http://127.0.0.1:8080/root/2.0",
	} {
		s := told(nil)
		c, err := bitbucket.New(providers.Config{Transport: s, Anonymous: true, Host: host})
		if err != nil {
			t.Errorf("New(%q) = %v", host, err)
			continue
		}
		if c.Host() != want || c.Provider() != tokens.Bitbucket {
			t.Errorf("New(%q) is for %s %s, want %s", host, c.Provider(), c.Host(), want)
		}
		if n := len(s.urls()); n != 0 {
			t.Errorf("New(%q) sent %d requests", host, n)
		}
		_, _ = c.FetchRepository(t.Context(), "acme/web")
		if got := s.asked[0].URL.String(); got != strings.TrimSuffix(want, "/2.0")+"/2.0/repositories/acme/web" {
			t.Errorf("New(%q) asks for %s", host, got)
		}
	}
	for _, c := range []providers.Config{{}, {Anonymous: true, Host: "ftp://x"}, {Anonymous: true, Host: "https://bad host"}} {
		if _, err := bitbucket.New(c); err == nil {
			t.Errorf("New(%+v) has no error", c)
		}
	}
}

func TestNew_takes_a_user_agent(t *testing.T) {
	t.Parallel()
	s := told(nil)
	c, err := bitbucket.New(providers.Config{Transport: s, Anonymous: true, UserAgent: "mine/2"})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.FetchRepository(t.Context(), "acme/web")
	_, _ = c.Call(t.Context(), providers.Call{Path: "user"})
	for _, r := range s.asked {
		if got := r.Header.Get("User-Agent"); got != "mine/2" || r.Header.Get("Accept") != "application/json" {
			t.Errorf("%s: the user agent is %q, accepted is %q", r.URL, got, r.Header.Get("Accept"))
		}
	}
}

func TestClient_leads_to_go_bitbucket(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repositories/acme/web": main})
	c := s.client(t)
	var a, b *gobitbucket.Client
	if !c.As(&a) || !c.As(&b) || a == b {
		t.Fatal("As() gives no client, or the same one twice")
	}
	r, err := a.Repositories.Repository.Get(&gobitbucket.RepositoryOptions{Owner: "acme", RepoSlug: "web"})
	if err != nil || r.Full_name != "acme/web" {
		t.Errorf("Get() = %v, %v", r, err)
	}
	if s.asked[0].Header.Get("Authorization") == "" {
		t.Error("the transport is not below it")
	}
	if c.As(new(*http.Client)) || c.As(nil) || c.As((**gobitbucket.Client)(nil)) {
		t.Error("As() reaches what there is not")
	}
}

// go-bitbucket leaves out what has a time that it cannot parse.
func TestI15_times_are_read_in_every_spelling(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewBitbucket(fleettest.Config{
		Tokens: []string{tokenA}, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 8}},
		Bitbucket: fleettest.BitbucketConfig{TimeLayouts: []string{
			"2006-01-02T15:04:05.000000-07:00", "2006-01-02T15:04:05-07:00", "2006-01-02T15:04:05.000Z07:00", "2006-01-02T15:04:05Z07:00",
		}},
	})
	c, err := bitbucket.New(providers.Config{Token: tokens.Token{Secret: tokens.Static(tokenA)}, Base: sim})
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.FetchRepositories(t.Context(), "acme")
	if err != nil || len(all) != 8 {
		t.Fatalf("FetchRepositories() = %d, %v; want 8", len(all), err)
	}
	for _, r := range all {
		if r.CreatedAt.IsZero() || r.UpdatedAt.IsZero() || r.CreatedAt.Location() != r.UpdatedAt.UTC().Location() {
			t.Errorf("%s: %v, %v", r.FullName, r.CreatedAt, r.UpdatedAt)
		}
	}
}

func TestCall_sends_what_the_caller_wants(t *testing.T) {
	t.Parallel()
	next := "/repositories/acme?page=2"
	s := &script{answers: map[string]reply{
		"/repositories/acme":                  {body: `{"values":[1],"next":"` + home + next + `"}`},
		next:                                  {body: `{"values":[2]}`},
		"/repositories/acme/web/pullrequests": {status: 201, body: `{"id":7}`},
		"/repositories/acme/web/diff/main":    {header: http.Header{"Content-Type": {"text/plain"}}, body: "+ a\n"},
	}}
	c, ctx := s.client(t), t.Context()
	for _, path := range []string{"repositories/acme", "/repositories/acme", "/2.0/repositories/acme", home + "/repositories/acme"} {
		var page struct{ Values []int }
		a, err := c.Call(ctx, providers.Call{Path: path, Out: &page})
		if err != nil || a.Status != 200 || a.Next != home+next || len(page.Values) != 1 || a.Header.Get("Content-Type") == "" {
			t.Errorf("Call(%q) = %+v, %v", path, a, err)
		}
	}
	var pages []string
	for page, err := range c.Pages(ctx, "repositories/acme") {
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, string(page))
	}
	if len(pages) != 2 {
		t.Errorf("pages %q", pages)
	}
	var made struct{ ID int }
	a, err := c.Call(ctx, providers.Call{
		Method: http.MethodPost, Path: "repositories/acme/web/pullrequests", Body: map[string]string{"title": "ä"},
		Header: http.Header{"user-agent": {"mine"}}, Out: &made,
	})
	if err != nil || a.Status != 201 || made.ID != 7 {
		t.Errorf("POST = %+v, %v, %+v", a, err, made)
	}
	r := s.asked[len(s.asked)-1]
	body, err := r.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(body)
	if r.Method != http.MethodPost || string(text) != `{"title":"ä"}` || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("User-Agent") != "mine" {
		t.Errorf("sent %s %q with %v", r.Method, text, r.Header)
	}
	var diff bytes.Buffer
	if _, err := c.Call(ctx, providers.Call{Path: "repositories/acme/web/diff/main", Out: &diff}); err != nil || diff.String() != "+ a\n" {
		t.Errorf("diff %q, %v", &diff, err)
	}
	var raw json.RawMessage
	_, err = c.Call(ctx, providers.Call{Path: "repositories/acme/web/diff/main", Out: &raw})
	wantError(t, err, providers.ErrMalformed)
}

// What is not JSON may be large.
func TestCall_hands_on_a_file_as_it_comes(t *testing.T) {
	t.Parallel()
	c := portable(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Request: r, Header: http.Header{"Content-Type": {"application/zip"}},
			Body: io.NopCloser(io.MultiReader(strings.NewReader("half"), cut{})),
		}, nil
	}))
	var got bytes.Buffer
	_, err := c.Call(t.Context(), providers.Call{Path: "repositories/acme/web/downloads/x.zip", Out: &got})
	if !errors.Is(err, io.ErrUnexpectedEOF) || got.String() != "half" {
		t.Errorf("Call() = %v with %q, want the half that came and why there is no more", err, &got)
	}
}

func TestI2_Call_names_no_next_page_at_another_host(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repositories/acme": `{"values":[],"next":"https://evil.example/2.0/repositories/acme?page=2"}`})
	a, err := s.client(t).Call(t.Context(), providers.Call{Path: "repositories/acme"})
	wantError(t, err, providers.ErrMalformed, "leads away")
	if a.Next != "" {
		t.Errorf("the next page is %s", a.Next)
	}
}

func TestCall_refuses_what_leads_elsewhere(t *testing.T) {
	t.Parallel()
	s := told(nil)
	for _, path := range []string{
		"https://evil.example/2.0/user", "http://api.bitbucket.org/2.0/user", "https://api.bitbucket.org/internal", "https://u:p@api.bitbucket.org/2.0/user",
		"../user", "repositories/../../x", "repositories/%2e%2e/x", "a\x7fb", "%zz",
	} {
		_, err := s.client(t).Call(t.Context(), providers.Call{Path: path})
		wantError(t, err, providers.ErrInvalid)
	}
	_, err := s.client(t).Call(t.Context(), providers.Call{Path: "user", Method: "BAD METHOD"})
	wantError(t, err, providers.ErrInvalid)
	_, err = s.client(t).Call(t.Context(), providers.Call{Path: "user", Body: make(chan int)})
	wantError(t, err, providers.ErrInvalid)
	wantAsked(t, s)
}
