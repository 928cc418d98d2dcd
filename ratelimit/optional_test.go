package ratelimit_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gitfleet/gitfleet/ratelimit"
)

func TestI11_an_unknown_Optional_differs_from_a_known_zero(t *testing.T) {
	t.Parallel()
	var unknown ratelimit.Optional[int64]
	zero := ratelimit.Known[int64](0)
	if unknown == zero {
		t.Error("an unknown value equals a known 0")
	}
	if _, ok := unknown.Get(); ok || unknown.IsKnown() || !unknown.IsZero() || unknown.Or(7) != 7 {
		t.Errorf("the zero Optional is known: %+v", unknown)
	}
	if n, ok := zero.Get(); n != 0 || !ok || !zero.IsKnown() || zero.IsZero() || zero.Or(7) != 0 {
		t.Errorf("Known(0) is unknown: %+v", zero)
	}
	compare(t, "String()", unknown.String(), "unknown")
	compare(t, "String()", zero.String(), "0")
	compare(t, "String()", ratelimit.Known(time.Minute).String(), "1m0s")
}

func TestI11_Optional_keeps_its_value_through_JSON(t *testing.T) {
	t.Parallel()
	type budget struct {
		Limit ratelimit.Optional[int64]         `json:"limit"`
		Left  ratelimit.Optional[int64]         `json:"left,omitzero"`
		Pause ratelimit.Optional[time.Duration] `json:"pause"`
		Name  ratelimit.Optional[string]        `json:"name"`
	}
	tests := []struct {
		name string
		in   budget
		want string
	}{
		{"unknown", budget{}, `{"limit":null,"pause":null,"name":null}`},
		{"zero", budget{Left: zeroLeft}, `{"limit":null,"left":0,"pause":null,"name":null}`},
		{"known", budget{Limit: ratelimit.Known[int64](5), Pause: ratelimit.Known(time.Second), Name: ratelimit.Known("a")},
			`{"limit":5,"pause":1000000000,"name":"a"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data, err := json.Marshal(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, "JSON", string(data), tt.want)
			back := budget{Limit: ratelimit.Known[int64](9)}
			if err := json.Unmarshal(data, &back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.in, back, cmp.Comparer(func(a, b budget) bool { return a == b })); diff != "" {
				t.Errorf("Unmarshal(Marshal()) differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOptional_is_unchanged_by_JSON_it_cannot_read(t *testing.T) {
	t.Parallel()
	o := ratelimit.Known[int64](5)
	if err := json.Unmarshal([]byte(`"five"`), &o); err == nil {
		t.Error("Unmarshal() of a string into an Optional[int64] succeeds")
	}
	compare(t, "value", o, ratelimit.Known[int64](5))
	if err := o.UnmarshalJSON([]byte(" null ")); err != nil || o.IsKnown() {
		t.Errorf("UnmarshalJSON(null) = %v, %v, want unknown", o, err)
	}
}
