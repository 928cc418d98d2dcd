package pool_test

import (
	"encoding/json"
	"fmt"
)

// printed returns what values look like with the verbs that people print with.
func printed(values ...any) []string {
	var all []string
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			all = append(all, fmt.Sprintf(verb, v))
		}
		if text, err := json.Marshal(v); err == nil {
			all = append(all, string(text))
		}
	}
	return all
}
