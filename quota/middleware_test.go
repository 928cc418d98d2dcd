package quota_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/quota"
)

func TestMiddleware_limits_by_user_and_route(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, w := client(t, server(t, quota.RuleSpec{ID: "r", Path: "/mail/.*", HTTPMethod: "POST", RefillRate: 0.4, BurstRate: 2}), quota.WithRetries(0))
		served := 0
		h := quota.Middleware(c, func(r *http.Request) string { return r.Header.Get("User") })(
			http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ }))
		get := func(user, method, path string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, path, nil)
			r.Header.Set("User", user)
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			return rec
		}
		for i, tt := range []struct {
			user, method, path string
			want               int
		}{
			{"u", "POST", "/mail/1", 200}, {"u", "POST", "/mail/2", 200}, {"u", "POST", "/mail/3", 429},
			{"v", "POST", "/mail/1", 200}, {"u", "GET", "/mail/1", 200}, {"", "GET", "/", 401},
		} {
			if rec := get(tt.user, tt.method, tt.path); rec.Code != tt.want || rec.Code == 429 && rec.Header().Get("Retry-After") != "3" {
				t.Errorf("%d: %d with Retry-After %q, want %d", i, rec.Code, rec.Header().Get("Retry-After"), tt.want)
			}
		}
		time.Sleep(2500 * time.Millisecond)
		if rec := get("u", "POST", "/mail/4"); rec.Code != 200 {
			t.Errorf("after 2.5 s: %d, want 200", rec.Code)
		}
		w.before = func(int) (*http.Response, error) { return status(500, ""), nil }
		if rec := get("new", "POST", "/mail/4"); rec.Code != 503 || served != 5 {
			t.Errorf("without the service: %d after %d served, want 503 after 5", rec.Code, served)
		}
	})
}
