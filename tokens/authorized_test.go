package tokens_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestI3_Lease_Authorized_is_a_copy_with_the_token(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHub("a", ""))
	l := lease(t, h, on("core"))
	defer l.Cancel()
	caller := canary.Token("caller")
	roomy := append(make([]string, 0, 2), "a")
	for _, header := range []http.Header{
		nil,
		{},
		{"Accept": {"application/json"}},
		{"Accept": roomy},
		{"Accept": {"a", "b"}, "User-Agent": {"x"}, "X-Empty": {}, "X-Nil": nil},
		{"Authorization": {"Bearer " + caller}, "Accept": {"a"}},
		{"authorization": {caller}, "PRIVATE-TOKEN": {caller}, "Job-Token": {caller}, "Accept": {"a"}},
	} {
		want := header.Clone()
		if want == nil {
			want = http.Header{}
		}
		l.Authorize(want)
		before := header.Clone()
		got := l.Authorized(header)
		if !maps.EqualFunc(got, want, slices.Equal) {
			t.Errorf("Authorized() has %d fields, not the %d that Clone and Authorize make", len(got), len(want))
		}
		for key := range got {
			got.Add(key, "more")
		}
		got.Set("Accept", "other")
		got.Del("User-Agent")
		if !maps.EqualFunc(header, before, slices.Equal) {
			t.Error("a change of the copy shows in the original")
		}
		if roomy[:2][1] != "" {
			t.Error("what was added to the copy was written behind the original's values")
		}
		if again := l.Authorized(nil); !slices.Equal(again["Authorization"], want["Authorization"]) {
			t.Error("a change of the copy shows in the token")
		}
	}
}

func TestLease_Authorized_of_no_lease_adds_nothing(t *testing.T) {
	t.Parallel()
	if got := (tokens.Lease{}).Authorized(http.Header{"Accept": {"a"}}); len(got) != 1 || got.Get("Accept") != "a" {
		t.Errorf("Authorized() has %d fields, want the one that was there", len(got))
	}
	if (tokens.Lease{}).Authorized(nil) == nil {
		t.Error("Authorized(nil) = nil, want an empty header")
	}
}
