package quota_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/quota"
)

// post sends a body to a handler as a client of any language would.
func post(t testing.TB, h http.Handler, path, body string, header ...string) (int, map[string]any) {
	t.Helper()
	return request(t, h, http.MethodPost, path, body, header...)
}

func request(t testing.TB, h http.Handler, method, path, body string, header ...string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	var got map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil && rec.Body.Len() > 0 && rec.Body.Bytes()[0] == '{' {
		t.Errorf("%s is no JSON", rec.Body)
	}
	return rec.Code, got
}

const consume = "/api/v1/tokens/consume"

func bearer() []string { return []string{"Authorization", "Bearer " + key} }

func TestServer_answers_in_LightRates_form(t *testing.T) {
	t.Parallel()
	s := server(t, email, quota.RuleSpec{ID: "p", Name: "Users", Path: "/users/.*", HTTPMethod: "get", RefillRate: 0.5, BurstRate: 10})
	for _, tt := range []struct{ name, body, want string }{
		{"an operation, as JavaScript sends it",
			`{"applicationId":"app","userIdentifier":"u","tokensRequested":3,"operation":"send_email","path":null,"httpMethod":null,"timestamp":"2026-01-01T00:00:00Z"}`,
			`{"tokensRemaining":97,"tokensConsumed":3,"throttles":0,"rule":{"id":"r1","name":"Emails","refillRate":10,"burstRate":100,"isDefault":false,"matcher":"send_email","httpMethod":null}}`},
		{"a path",
			`{"applicationId":"app","userIdentifier":"u","tokensRequested":1,"path":"/users/7","httpMethod":"GET"}`,
			`{"tokensRemaining":9,"tokensConsumed":1,"throttles":0,"rule":{"id":"p","name":"Users","refillRate":0.5,"burstRate":10,"isDefault":false,"matcher":"/users/.*","httpMethod":"GET"}}`},
		{"a batch for a local bucket is given in part",
			`{"applicationId":"app","userIdentifier":"u","tokensRequested":20,"tokensRequestedForDefaultBucketMatch":1,"path":"/users/7","httpMethod":"GET"}`,
			`{"tokensRemaining":0,"tokensConsumed":9,"throttles":0,"rule":{"id":"p","name":"Users","refillRate":0.5,"burstRate":10,"isDefault":false,"matcher":"/users/.*","httpMethod":"GET"}}`},
		{"more than is left is denied",
			`{"applicationId":"app","userIdentifier":"u","tokensRequested":98,"operation":"send_email"}`,
			`{"tokensRemaining":97,"tokensConsumed":0,"throttles":1,"rule":{"id":"r1","name":"Emails","refillRate":10,"burstRate":100,"isDefault":false,"matcher":"send_email","httpMethod":null}}`},
		{"a batch under no rule takes one from the default bucket",
			`{"applicationId":"app","userIdentifier":"u","tokensRequested":5,"tokensRequestedForDefaultBucketMatch":1,"operation":"other"}`,
			`{"tokensRemaining":2,"tokensConsumed":1,"throttles":0,"rule":{"id":"app:default","name":"Default","refillRate":1,"burstRate":3,"isDefault":true,"matcher":null,"httpMethod":null}}`},
		{"neither operation nor path",
			`{"applicationId":"app","userIdentifier":"u","tokensRequested":2}`,
			`{"tokensRemaining":0,"tokensConsumed":2,"throttles":0,"rule":{"id":"app:default","name":"Default","refillRate":1,"burstRate":3,"isDefault":true,"matcher":null,"httpMethod":null}}`},
		{"another user",
			`{"applicationId":"app","userIdentifier":"v","tokensRequested":4}`,
			`{"tokensRemaining":3,"tokensConsumed":0,"throttles":1,"rule":{"id":"app:default","name":"Default","refillRate":1,"burstRate":3,"isDefault":true,"matcher":null,"httpMethod":null}}`},
	} {
		var want map[string]any
		if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
			t.Fatal(err)
		}
		if code, got := post(t, s, consume, tt.body, bearer()...); code != 200 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %d %v, want %v", tt.name, code, got, want)
		}
	}
}

func TestServer_refuses_with_the_documented_statuses(t *testing.T) {
	t.Parallel()
	s := server(t, email)
	other := canary.Token("other")
	if err := s.AddApplication(quota.Application{ID: "app2", Key: quota.NewKey(other), BurstRate: 1}); err != nil {
		t.Fatal(err)
	}
	const good = `{"applicationId":"app","userIdentifier":"u","tokensRequested":1}`
	for _, tt := range []struct {
		name, body string
		header     []string
		want       int
	}{
		{"bearer", good, bearer(), 200},
		{"bearer in lower case", good, []string{"Authorization", "bearer " + key}, 200},
		{"x-api-key", good, []string{"x-api-key", key}, 200},
		{"application header", good, append(bearer(), "X-Application-Id", app), 200},
		{"no key", good, nil, 401},
		{"wrong key", good, []string{"x-api-key", key + "x"}, 401},
		{"key of another application", good, []string{"x-api-key", other}, 403},
		{"no JSON", `{`, bearer(), 400},
		{"a number as a text", `{"applicationId":"app","userIdentifier":"u","tokensRequested":"1"}`, bearer(), 400},
		{"too large", `{"applicationId":"app","userIdentifier":"u","tokensRequested":1,"x":"` + strings.Repeat("x", 1<<16) + `"}`, bearer(), 400},
		{"unknown application", `{"applicationId":"none","userIdentifier":"u","tokensRequested":1}`, bearer(), 404},
		{"no application", `{"userIdentifier":"u","tokensRequested":1}`, bearer(), 422},
		{"two applications", good, append(bearer(), "X-Application-Id", "app2"), 422},
		{"no user", `{"applicationId":"app","tokensRequested":1}`, bearer(), 422},
		{"no tokens", `{"applicationId":"app","userIdentifier":"u"}`, bearer(), 422},
		{"too many tokens", `{"applicationId":"app","userIdentifier":"u","tokensRequested":4294967296}`, bearer(), 422},
		{"both", `{"applicationId":"app","userIdentifier":"u","tokensRequested":1,"operation":"a","path":"/","httpMethod":"GET"}`, bearer(), 422},
		{"path without method", `{"applicationId":"app","userIdentifier":"u","tokensRequested":1,"path":"/"}`, bearer(), 422},
		{"default match of 0", `{"applicationId":"app","userIdentifier":"u","tokensRequested":1,"tokensRequestedForDefaultBucketMatch":0}`, bearer(), 422},
		{"default match of too many", `{"applicationId":"app","userIdentifier":"u","tokensRequested":1,"tokensRequestedForDefaultBucketMatch":4294967296}`, bearer(), 422},
	} {
		code, got := post(t, s, consume, tt.body, tt.header...)
		if code != tt.want || code != 200 && (got["message"] == "" || got["error"] == "" || got["message"] == nil) {
			t.Errorf("%s: %d %v, want %d", tt.name, code, got, tt.want)
		}
	}
	if code, _ := post(t, s, "/api/v1/applications", `{}`, bearer()...); code != 404 {
		t.Errorf("administration without an admin: %d, want 404", code)
	}
}

func TestServer_applications_and_rules_over_HTTP(t *testing.T) {
	t.Parallel()
	admin := canary.Token("admin")
	s := quota.NewServer(quota.ServerConfig{Admin: quota.NewKey(admin)})
	as := []string{"Authorization", "Bearer " + admin}
	const apps, rules = "/api/v1/applications", "/api/v1/applications/a/rules"
	application := `{"id":"a","key":"` + key + `","refillRate":1,"burstRate":5}`
	rule := `{"id":"r","operation":"o","refillRate":1,"burstRate":5}`
	for i, tt := range []struct {
		method, path, body string
		header             []string
		want               int
	}{
		{"POST", apps, application, nil, 401},
		{"POST", apps, application, bearer(), 401},
		{"POST", apps, application, as, 201},
		{"POST", apps, application, as, 409},
		{"POST", apps, `{"id":"b"}`, as, 422},
		{"POST", apps, `[`, as, 400},
		{"POST", "/api/v1/applications/none/rules", rule, as, 404},
		{"GET", "/api/v1/applications/none/rules", "", as, 404},
		{"POST", rules, rule, as, 201},
		{"POST", rules, rule, as, 409},
		{"POST", rules, `{"operation":"o","refillRate":2,"burstRate":5}`, as, 409},
		{"POST", rules, `{"id":"r","operation":"p","refillRate":2,"burstRate":5}`, as, 409},
		{"POST", rules, `{"id":"a:default","operation":"p","refillRate":2,"burstRate":5}`, as, 409},
		{"POST", rules, `{"path":"/x","httpMethod":"get","refillRate":1,"burstRate":5}`, as, 201},
		{"POST", rules, `{"path":"/x","httpMethod":"GET","refillRate":1,"burstRate":5}`, as, 409},
		{"POST", rules, `{"path":"/x","refillRate":1,"burstRate":5}`, as, 201},
		{"POST", rules, `{"path":"/x","operation":"q","refillRate":1,"burstRate":5}`, as, 422},
		{"POST", rules, `{"operation":"q","httpMethod":"GET","refillRate":-1,"burstRate":0}`, as, 422},
		{"GET", rules, "", as, 200},
		{"DELETE", rules + "/r", "", as, 204},
		{"DELETE", rules + "/r", "", as, 404},
		{"DELETE", "/api/v1/applications/none/rules/r", "", as, 404},
		{"POST", rules, rule, as, 201},
	} {
		if code, got := request(t, s, tt.method, tt.path, tt.body, tt.header...); code != tt.want {
			t.Errorf("%d: %s %s: %d %v, want %d", i, tt.method, tt.path, code, got, tt.want)
		}
	}
	if _, got := post(t, s, apps, strings.Replace(application, `"a"`, `"c"`, 1), as...); got["key"] != "[secret]" {
		t.Error("the answer shows the key")
	}
	var ids []string
	for _, r := range s.Rules("a") {
		ids = append(ids, fmt.Sprint(r.ID, " ", r.HTTPMethod))
	}
	if got := strings.Join(ids, ","); got != "rule-1 GET,rule-2 ,r " {
		t.Errorf("rules %s", got)
	}
}

func TestServer_refuses_rates_that_are_none(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		refill float64
		burst  int
		good   bool
	}{
		{0, 1, true},
		{1e9, math.MaxInt32, true},
		{0, 0, false},
		{0, math.MaxInt32 + 1, false},
		{-1, 1, false},
		{math.NaN(), 1, false},
		{math.Inf(1), 1, false},
	} {
		s := quota.NewServer(quota.ServerConfig{})
		err := s.AddApplication(quota.Application{ID: app, Key: quota.NewKey(key), RefillRate: tt.refill, BurstRate: tt.burst})
		var config *quota.ConfigError
		if (err == nil) != tt.good || err != nil && (!errors.As(err, &config) || len(config.Problems) != 1) {
			t.Errorf("refill %v, burst %d: %v, want it taken: %t", tt.refill, tt.burst, err, tt.good)
		}
	}
}

func TestServer_makes_up_no_id_that_is_taken(t *testing.T) {
	t.Parallel()
	s := server(t, quota.RuleSpec{ID: "rule-1", Operation: "a", BurstRate: 1})
	r, err := s.AddRule(app, quota.RuleSpec{Operation: "b", BurstRate: 1})
	if err != nil || r.ID != "rule-2" {
		t.Errorf("AddRule() = %+v, %v, want rule-2", r, err)
	}
}

func TestServer_a_bucket_starts_full_refills_continuously_and_never_exceeds_its_burst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := quota.NewMemoryStore()
		take := func(n int, partial bool) quota.Drawn {
			d, err := store.Take(t.Context(), quota.Draw{Bucket: quota.BucketID{User: "u"}, Refill: 0.1, Burst: 4, Tokens: n, Partial: partial})
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		check := func(got, want quota.Drawn) {
			t.Helper()
			if got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
		check(take(5, false), quota.Drawn{Remaining: 4, Throttles: 1})
		check(take(5, true), quota.Drawn{Consumed: 4, Throttles: 1})
		for range 9 { // a tenth of a token each; sums of tenths are not exact
			time.Sleep(time.Second)
			if d := take(1, false); d.Consumed != 0 {
				t.Fatalf("%+v, want none yet", d)
			}
		}
		time.Sleep(time.Second)
		check(take(1, false), quota.Drawn{Consumed: 1, Throttles: 10})
		time.Sleep(39 * time.Second)
		check(take(4, false), quota.Drawn{Remaining: 3, Throttles: 11})
		time.Sleep(time.Second)
		check(take(1, false), quota.Drawn{Consumed: 1, Remaining: 3, Throttles: 11})
		brim := quota.Draw{Bucket: quota.BucketID{User: "brim"}, Refill: 1, Burst: 4, Tokens: 4}
		for range 3 { // sooner than full buckets are dropped
			if d, err := store.Take(t.Context(), brim); err != nil || d.Consumed != 4 || d.Remaining != 0 {
				t.Errorf("%+v, %v, want 4 of 4", d, err)
			}
			time.Sleep(6 * time.Second)
		}
		time.Sleep(50 * time.Second) // it was full, and dropped with its throttles
		check(take(1, false), quota.Drawn{Consumed: 1, Remaining: 3})
		if store.Len() == 0 {
			t.Error("a bucket that is not full was dropped")
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if store.Len() != 0 {
			t.Errorf("%d buckets when all are full, want none", store.Len())
		}
		check(take(4, false), quota.Drawn{Consumed: 4})
	})
}

func TestServer_a_repeated_idempotency_key_consumes_once(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := server(t, email)
		ask := func(n int, once string) (int, any) {
			code, got := post(t, s, consume, fmt.Sprintf(`{"applicationId":"app","userIdentifier":"u","tokensRequested":%d,"operation":"send_email"}`, n),
				append(bearer(), "Idempotency-Key", once)...)
			return code, got["tokensRemaining"]
		}
		for range 3 {
			if code, left := ask(10, "a"); code != 200 || left != 90.0 {
				t.Errorf("%d, %v left, want 90", code, left)
			}
		}
		if code, _ := ask(11, "a"); code != 422 {
			t.Errorf("the key for another request: %d, want 422", code)
		}
		if _, left := ask(10, "b"); left != 80.0 {
			t.Errorf("%v left after another key, want 80", left)
		}
		time.Sleep(5 * time.Minute)
		if _, left := ask(20, "a"); left != 80.0 {
			t.Errorf("%v left after 5 minutes, want a new consumption of the full bucket", left)
		}
	})
}

func TestServer_gives_no_more_than_a_bucket_holds_whatever_the_number_of_callers(t *testing.T) {
	t.Parallel()
	s := server(t, quota.RuleSpec{ID: "r", Operation: "send_email", RefillRate: 0, BurstRate: 500})
	var used atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		c, _ := client(t, s, quota.WithBucketSize(7))
		for range 4 {
			wg.Go(func() {
				for range 40 {
					if d, err := c.Allow(t.Context(), "u", send); err == nil && d.Allowed {
						used.Add(1)
					}
				}
			})
		}
	}
	wg.Wait()
	if used.Load() > 500 || used.Load() < 500-8*6 {
		t.Errorf("%d of 500 used", used.Load())
	}
}

type brokenStore struct{}

func (brokenStore) Take(context.Context, quota.Draw) (quota.Drawn, error) {
	return quota.Drawn{}, errors.New("no connection to 10.0.0.1")
}

func TestServer_a_store_that_fails_is_a_503_without_its_error(t *testing.T) {
	t.Parallel()
	s := quota.NewServer(quota.ServerConfig{Store: brokenStore{}})
	if err := s.AddApplication(quota.Application{ID: app, Key: quota.NewKey(key), BurstRate: 1}); err != nil {
		t.Fatal(err)
	}
	code, got := post(t, s, consume, `{"applicationId":"app","userIdentifier":"u","tokensRequested":1}`, bearer()...)
	if code != 503 || strings.Contains(fmt.Sprint(got), "10.0.0.1") {
		t.Errorf("%d %v", code, got)
	}
}

func FuzzServer_consume(f *testing.F) {
	f.Add(`{"applicationId":"app","userIdentifier":"u","tokensRequested":3,"operation":"send_email"}`)
	f.Add(`{"applicationId":"app","userIdentifier":"u","tokensRequested":3,"path":"/a","httpMethod":"get","tokensRequestedForDefaultBucketMatch":1}`)
	f.Add(`{"applicationId":"app","userIdentifier":"","tokensRequested":-1e9}`)
	f.Add(`[null]`)
	s := server(f, email)
	f.Fuzz(func(t *testing.T, body string) {
		code, got := post(t, s, consume, body, bearer()...)
		switch code {
		case 200:
			consumed, left := got["tokensConsumed"].(float64), got["tokensRemaining"].(float64)
			if consumed < 0 || left < 0 || consumed > 100 || left > 100 {
				t.Errorf("%q: %v", body, got)
			}
		case 400, 404, 422:
		default:
			t.Errorf("%q: %d", body, code)
		}
	})
}

func FuzzClient_answer(f *testing.F) {
	f.Add(`{"tokensRemaining":5,"tokensConsumed":5,"rule":{"id":"r","refillRate":1,"burstRate":9,"matcher":"send_.*"}}`)
	f.Add(`{"tokensConsumed":0,"rule":{"refillRate":1e-300,"burstRate":-1}}`)
	f.Add(`{"tokensRemaining":3,"tokensConsumed":0,"rule":null}`)
	f.Fuzz(func(t *testing.T, body string) {
		c, _ := client(t, fixed(body), quota.WithRetries(0))
		for range 3 {
			d, err := c.Allow(t.Context(), "u", send)
			if d.RetryAfter < 0 || d.Bucket.Remaining < 0 || d.Allowed && err != nil {
				t.Errorf("%q: %+v, %v", body, d, err)
			}
		}
		c.Close()
	})
}
