package fleettest_test

import (
	"net/http"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
)

func TestGitLab_tells_a_job_token_the_user_who_started_the_job(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-job")
	sim := fleettest.NewGitLab(fleettest.Config{Accounts: []fleettest.Account{{Login: "tanuki", Tokens: []string{token}}}})
	r := send(t, sim, request{path: labAPI + "/job", header: http.Header{"Job-Token": {token}}})
	user, _ := r.field(t, "user").(map[string]any)
	if r.status != http.StatusOK || user["username"] != "tanuki" || user["id"] == nil {
		t.Errorf("%d: the job is of %v, want tanuki", r.status, user)
	}
	if r := send(t, sim, request{path: labAPI + "/job", token: token}); r.status != http.StatusNotFound {
		t.Errorf("another token is answered %d, want 404", r.status)
	}
}

func TestBitbucket_tells_the_scopes_of_an_account_that_has_some(t *testing.T) {
	t.Parallel()
	scoped, plain := canary.Token("bucket-scoped"), canary.Token("bucket-plain")
	sim := fleettest.NewBitbucket(fleettest.Config{
		Tokens: []string{plain}, Accounts: []fleettest.Account{{Tokens: []string{scoped}, Scopes: "account, repository"}},
	})
	for token, want := range map[string]string{scoped: "account, repository", plain: ""} {
		if got := bucketGet(t, sim, token, "/user").header.Get("X-OAuth-Scopes"); got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
}
