package gitfleet_test

import (
	"encoding/json"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
)

// What a caller does to a record is seen by no other call.
func TestModels_are_the_callers_own(t *testing.T) {
	t.Parallel()
	f := newThree().fleet(t)
	for _, c := range f.Clients() {
		repository := func() (providers.Repository, string) {
			r, err := c.FetchRepository(t.Context(), "acme/repo-0001", providers.Raw())
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			return r, string(text)
		}
		r, want := repository()
		*r.Private = !*r.Private
		r.Raw[0] = 'x'
		for i := range r.Topics {
			r.Topics[i] = "changed"
		}
		if _, got := repository(); got != want {
			t.Errorf("%s: another call sees the change:\n%s\nwant\n%s", c, got, want)
		}
	}
}
