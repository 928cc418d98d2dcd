package tokens_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// byPath answers what each path has, 404 where it has nothing; a body that begins with a
// status other than 200 has it before a blank.
func byPath(answers map[string]string) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		body, ok := answers[r.URL.Path]
		switch {
		case !ok:
			return answer(http.StatusNotFound, `{"message":"404 Not Found"}`), nil
		case len(body) > 4 && body[:4] == "403 ":
			return answer(http.StatusForbidden, body[4:]), nil
		}
		return answer(http.StatusOK, body), nil
	})
}

// sharing reports whether the two tokens of the manager are of one account.
func sharing(t testing.TB, m *tokens.Manager, p tokens.ProviderType) bool {
	t.Helper()
	l := lease(t, anyHost(t, m, p), on("core"))
	defer l.Cancel()
	return status(t, m, "a").InFlight+status(t, m, "b").InFlight == 2
}

func TestI4_Identify_where_hosts_tell_only_a_part(t *testing.T) {
	t.Parallel()
	const installed = `{"repositories":[{"id":7,"owner":{"login":"acme","id":5}}]}`
	for _, tt := range []struct {
		name     string
		provider tokens.ProviderType
		scheme   tokens.Scheme
		answers  map[string]string
		want     tokens.Identity
		sharing  bool
	}{
		{"GitLab: the scopes do not allow to read the user", tokens.GitLab, "", map[string]string{
			"/api/v4/personal_access_tokens/self": `{"user_id":9,"scopes":["read_repository"],"expires_at":null}`,
			"/api/v4/user":                        `403 {"error":"insufficient_scope"}`,
		}, tokens.Identity{AccountID: "9"}, true},
		{"GitLab: too old to tell of the token", tokens.GitLab, "", map[string]string{
			"/api/v4/user": `{"id":9,"username":"tanuki"}`,
		}, tokens.Identity{Login: "tanuki", AccountID: "9"}, true},
		{"Bitbucket: what counts is the consumer", tokens.Bitbucket, tokens.Bearer, map[string]string{
			"/2.0/user": `{"uuid":"{u}","nickname":"bit"}`,
		}, tokens.Identity{Login: "bit", AccountID: "{u}"}, false},
		{"GitHub: an app that sees no repository", tokens.GitHub, "", map[string]string{
			"/user": `403 {"message":"Resource not accessible by integration"}`, "/installation/repositories": `{"repositories":[]}`,
			"/graphql": `{"data":{"viewer":{"login":"app[bot]","databaseId":3}}}`,
		}, tokens.Identity{Login: "app[bot]", AccountID: "3"}, false},
		{"GitHub: an app whose bot is not told", tokens.GitHub, "", map[string]string{
			"/user": `403 {"message":"Resource not accessible by integration"}`, "/installation/repositories": installed,
			"/graphql": `{"errors":[{"message":"no"}]}`,
		}, tokens.Identity{Owner: "acme"}, false},
		{"GitHub: a workflow's token", tokens.GitHub, "", map[string]string{
			"/user": `403 {"message":"Resource not accessible by integration"}`, "/installation/repositories": installed,
			"/graphql": `{"data":{"viewer":{"login":"github-actions[bot]","databaseId":41898282}}}`,
		}, tokens.Identity{Login: "github-actions[bot]", AccountID: "41898282", Owner: "acme"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ts := letters(2)
			for i := range ts {
				ts[i].Provider, ts[i].Scheme = tt.provider, tt.scheme
			}
			m := manager(t, tokens.Config{Base: byPath(tt.answers)}, ts...)
			identify(t, m)
			got := infoOf(t, m, "b").Identity
			if got.Login != tt.want.Login || got.AccountID != tt.want.AccountID || got.Owner != tt.want.Owner {
				t.Errorf("the token is %+v, want %+v", got, tt.want)
			}
			if got := sharing(t, m, tt.provider); got != tt.sharing {
				t.Errorf("the tokens share an account: %t, want %t", got, tt.sharing)
			}
		})
	}
}

func TestI4_Identify_keeps_the_tokens_of_workflows_of_two_repositories_apart(t *testing.T) {
	t.Parallel()
	id := "1"
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		return byPath(map[string]string{
			"/user":                      `403 {"message":"Resource not accessible by integration"}`,
			"/installation/repositories": `{"repositories":[{"id":` + id + `,"owner":{"login":"acme","id":5}}]}`,
			"/graphql":                   `{"data":{"viewer":{"login":"github-actions[bot]","databaseId":41898282}}}`,
		}).RoundTrip(r)
	})
	m := manager(t, tokens.Config{Base: base}, letters(2)...)
	identify(t, m, idOf(t, m, "a"))
	id = "2"
	identify(t, m, idOf(t, m, "b"))
	if sharing(t, m, tokens.GitHub) {
		t.Error("two repositories' workflows share a budget")
	}
}

func TestI4_I9_Identify_keeps_those_in_line_for_a_token_whose_account_is_anothers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		base := byPath(map[string]string{"/user": `{"login":"octocat","id":583231,"type":"User"}`})
		m := manager(t, tokens.Config{Base: base}, letters(2)...)
		h := anyHost(t, m, tokens.GitHub)
		for range 2 {
			lease(t, h, on("search")).Settle(spent(30, time.Minute))
		}
		fixed := on("search")
		fixed.Token, fixed.MaxWait = idOf(t, m, "b"), time.Hour
		done := make(chan error, 1)
		go func() {
			_, err := h.Lease(t.Context(), fixed)
			done <- err
		}()
		synctest.Wait()
		start := time.Now()
		identify(t, m, idOf(t, m, "a"))
		identify(t, m, idOf(t, m, "b")) // which joins the account of a
		if err := <-done; err != nil || time.Since(start) != time.Minute+time.Second {
			t.Errorf("served after %v, %v, want it after the reset", time.Since(start), err)
		}
	})
}
