package ratelimit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

func TestObserve_a_304_is_free_at_GitHub_for_who_shows_a_credential(t *testing.T) {
	t.Parallel()
	for _, d := range allDialects {
		for _, status := range []int{200, 304, 404} {
			for _, anonymous := range []bool{false, true} {
				req := get(t, "https://git.example.com/repos/o/r")
				req.Anonymous = anonymous
				want := strings.HasPrefix(d.String(), "github") && status == 304 && !anonymous
				if got := d.Observe(req, ratelimit.Response{Status: status}, time.Now()).Free; got != want {
					t.Errorf("%v, %d, anonymous %v: Free = %v, want %v", d, status, anonymous, got, want)
				}
			}
		}
	}
}
