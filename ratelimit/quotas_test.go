package ratelimit_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gitfleet/gitfleet/ratelimit"
)

func TestReadQuotas(t *testing.T) {
	t.Parallel()
	got, err := ratelimit.ReadQuotas([]byte(`{"resources":{
		"core":{"limit":5000,"remaining":4900,"used":100,"reset":1767225600},
		"Search":{"limit":30,"remaining":0,"reset":1767225600,"resource":"search"},
		"odd":{"limit":-1,"remaining":1.5,"used":"many","reset":0}},
		"rate":{"limit":5000}}`))
	if err != nil {
		t.Fatal(err)
	}
	reset := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	want := map[string]ratelimit.Quota{
		"core":   {Limit: ratelimit.Known[int64](5000), Remaining: ratelimit.Known[int64](4900), Used: ratelimit.Known[int64](100), Reset: reset},
		"search": {Limit: ratelimit.Known[int64](30), Remaining: ratelimit.Known[int64](0), Reset: reset},
		"odd":    {},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b ratelimit.Optional[int64]) bool { return a == b })); diff != "" {
		t.Errorf("ReadQuotas() (-want +got):\n%s", diff)
	}
}

func TestI11_ReadQuotas_complains_of_what_is_no_list_of_limits(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{}", "[]", `{"resources":[]}`, `{"resources":null}`, `{"resources":{"core":5000}}`, "<html>"} {
		if q, err := ratelimit.ReadQuotas([]byte(body)); err == nil {
			t.Errorf("ReadQuotas(%s) = %v, want an error", body, q)
		}
	}
}

func FuzzReadQuotas(f *testing.F) {
	f.Add([]byte(`{"resources":{"core":{"limit":5000,"remaining":4900,"reset":1767225600}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		quotas, err := ratelimit.ReadQuotas(body)
		if err != nil {
			return
		}
		for name, q := range quotas {
			if q.Limit.Or(0) < 0 || q.Remaining.Or(0) < 0 || q.Used.Or(0) < 0 {
				t.Errorf("%q: a negative number in %v", name, q)
			}
		}
	})
}
