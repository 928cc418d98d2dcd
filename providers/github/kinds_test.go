package github

import (
	"strconv"
	"testing"
)

func TestKinds_keep_a_bounded_number_of_logins(t *testing.T) {
	t.Parallel()
	var k kinds
	for i := range 3 * maxKinds {
		k.put("Login-"+strconv.Itoa(i), i%2 == 0)
		if organization, ok := k.get("login-" + strconv.Itoa(i)); !ok || organization != (i%2 == 0) {
			t.Fatalf("login %d is %t, %t", i, organization, ok)
		}
		if len(k.known) > maxKinds {
			t.Fatalf("%d logins are kept, want at most %d", len(k.known), maxKinds)
		}
	}
	k.forget("LOGIN-" + strconv.Itoa(3*maxKinds-1))
	if _, ok := k.get("login-" + strconv.Itoa(3*maxKinds-1)); ok {
		t.Error("a login that was forgotten is known")
	}
}
