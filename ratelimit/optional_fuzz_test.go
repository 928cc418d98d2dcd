package ratelimit_test

import (
	"encoding/json"
	"testing"

	"github.com/gitfleet/gitfleet/ratelimit"
)

func FuzzOptional(f *testing.F) {
	for _, s := range []string{"0", " null ", "-1", "1e3", `""`, "99999999999999999999"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		was := ratelimit.Known[int64](7)
		o := was
		if err := json.Unmarshal(text, &o); err != nil {
			if o != was {
				t.Fatalf("an error left %v", o)
			}
			return
		}
		written, err := json.Marshal(o)
		var again ratelimit.Optional[int64]
		if err != nil || json.Unmarshal(written, &again) != nil || again != o {
			t.Fatalf("%v is written as %s and read as %v", o, written, again)
		}
	})
}
