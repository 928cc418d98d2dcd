package tabular_test

import (
	"encoding/json"
	"testing"

	"github.com/gitfleet/gitfleet/tabular"
)

func FuzzFlatten(f *testing.F) {
	f.Add([]byte(`{"a":{"b":1,"c":[{"d":2}]},"e":null}`))
	f.Add([]byte(`{"a.b":1,"a":{"b":2}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) {
			return
		}
		m, err := tabular.ToMap(json.RawMessage(text))
		if err != nil {
			return
		}
		for name, v := range tabular.Flatten(m, ".") {
			if nested, ok := v.(map[string]any); ok && len(nested) > 0 {
				t.Fatalf("%q is still a map", name)
			}
		}
	})
}
