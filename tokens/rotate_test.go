package tokens_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestManager_Rotate_changes_the_secret_and_keeps_the_rest(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, labelled("a", ""))
	tell(t, h, "core", left(5000, 4000, time.Hour))
	a := idOf(t, m, "a")
	before := lease(t, h, on("core"))
	if err := m.MarkInvalid(a, "leaked"); err != nil {
		t.Fatal(err)
	}
	if err := m.Rotate(a, tokens.Static(" "+canary.Token("new")+"\n")); err != nil {
		t.Fatal(err)
	}
	info, ok := m.Lookup(a)
	if !ok || info.Status.State != tokens.Unknown || info.Status.Remaining.Or(0) != 4000 {
		t.Errorf("status %v with %d left, want unknown and what is known of the account", info.Status, info.Status.Remaining.Or(0))
	}
	sent := http.Header{}
	lease(t, h, on("core")).Authorize(sent)
	if sent.Get("Authorization") != "Bearer "+canary.Token("new") {
		t.Error("the old secret is sent")
	}
	if !m.Holds(sent) || !m.Holds(http.Header{"Authorization": {"Bearer " + canary.Token("a")}}) {
		t.Error("I2: the manager does not know one of its secrets, old or new")
	}
	before.Settle(unauthorized("Bad credentials")) // about the old secret
	if info, _ := m.Lookup(a); info.Status.State != tokens.Unknown {
		t.Errorf("I12: a 401 of the old secret makes the new one %v", info.Status)
	}
	lease(t, h, on("core")).Settle(unauthorized("Bad credentials"))
	if info, _ := m.Lookup(a); info.Status.State != tokens.Suspect {
		t.Errorf("after a 401 of the new secret it is %v, want suspect", info.Status)
	}
}

func TestManager_Rotate_refuses_what_is_no_secret(t *testing.T) {
	t.Parallel()
	m, _ := gitHubHost(t, labelled("a", ""))
	a := idOf(t, m, "a")
	if err := m.Rotate("none", tokens.Static(canary.Token("new"))); !errors.Is(err, tokens.ErrUnknownToken) {
		t.Errorf("Rotate() of an unknown token = %v, want ErrUnknownToken", err)
	}
	for want, s := range map[string]tokens.Secret{
		"secret is empty":     {},
		"secret has a space":  tokens.Static(canary.Token("two words") + " x"),
		"want static secrets": tokens.Refreshing("x", nil),
	} {
		err := m.Rotate(a, s)
		if err == nil || !strings.Contains(err.Error(), `token "a": rotate: `+want) || holdsSecret(err.Error()) {
			t.Errorf("Rotate() succeeded, or its error does not say %q, or holds the secret", want)
		}
	}
}
