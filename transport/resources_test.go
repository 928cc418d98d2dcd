package transport_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// A call that was refused draws on what the refusal names when it is sent again: a
// host that names ever others must not fill the memory by that, either.
func TestI6_RoundTrip_takes_up_64_resources_that_refusals_name_at_most(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, "a", "b", "c")
		n := 0
		rt := over(&wire{answer: func(sent) (*http.Response, error) {
			n++
			return primary(403, time.Now().Add(time.Minute), fmt.Sprint("r", n))(), nil
		}}, m)
		rt.MaxWait = -1
		for range 200 {
			if resp, err := rt.RoundTrip(get(t)); err == nil {
				_ = resp.Body.Close()
			}
			time.Sleep(2 * time.Hour)
		}
		names := map[string]bool{}
		for _, info := range m.AllTokens("") {
			for name := range info.Status.Budgets {
				names[name] = true
			}
		}
		if n < 200 || len(names) > 1+64 {
			t.Errorf("%d answers made %d budgets, want core and 64", n, len(names))
		}
	})
}
