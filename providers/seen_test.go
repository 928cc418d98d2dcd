package providers

import (
	"fmt"
	"runtime"
	"testing"
)

func TestSeen_knows_keys_again(t *testing.T) {
	t.Parallel()
	var s seen
	for _, key := range []string{"1", "12", "01", "0", "{a}", "{b}", "18446744073709551615", "18446744073709551616", "-1", "+1", "1.0"} {
		if !s.add(key) || s.add(key) {
			t.Errorf("%q is not new once", key)
		}
	}
	for range 2 {
		if !s.add("") {
			t.Error("the empty key is not always new")
		}
	}
}

// Not parallel: it measures the heap.
func TestSeen_keeps_at_most_32_bytes_an_item(t *testing.T) {
	const items = 300_000
	for kind, format := range map[string]string{"numbers": "%d", "hashes": "{%032d}"} {
		before := heap()
		var s seen
		for i := range items {
			s.add(fmt.Sprintf(format, i+1))
		}
		if each := float64(heap()-before) / items; each > 32 {
			t.Errorf("%s: %.1f bytes an item, want at most 32", kind, each)
		}
		runtime.KeepAlive(&s)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
