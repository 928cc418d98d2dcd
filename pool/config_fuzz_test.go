package pool_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gitfleet/gitfleet/pool"
)

func FuzzPoolConfig(f *testing.F) {
	for _, s := range []string{`{}`, `null`, `{"concurrency":3,"timeout":0.5,"custom":{"a":[1]},"x":1}`, `{"timeout":1e300}`, `{"ban_duration":-1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var c, again pool.PoolConfig
		if json.Unmarshal(text, &c) != nil {
			return
		}
		_ = c.Validate()
		written, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(written, &again); err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, written)
		}
		once, err := json.Marshal(again)
		if diff := cmp.Diff(string(written), string(once)); err != nil || diff != "" {
			t.Fatalf("%v: written again it differs (-first +second):\n%s", err, diff)
		}
	})
}
