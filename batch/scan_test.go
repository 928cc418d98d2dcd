package batch

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// Whatever a file holds, reading it does no harm: it is refused, or the part that
// counts ends with a line and reads the same by itself.
func FuzzScan(f *testing.F) {
	first := []byte(`{"batch":1,"job":"x"}` + "\n")
	line := []byte(`{"sum":"000102030405060708090a0b0c0d0e0f","id":"a","value":null}` + "\n")
	for _, seed := range [][]byte{
		nil, first, first[:5], append(bytes.Clone(first), line...), append(bytes.Clone(first), line[:40]...),
		append(bytes.Clone(first), 0, 0, 0), []byte("dear diary\n"), []byte("null\n"), []byte("{}"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := scan(bytes.NewReader(text), first)
		if err != nil {
			return
		}
		whole := text[:found.whole]
		if len(whole) == 0 && !bytes.HasPrefix(first, text) || len(whole) > 0 && (!bytes.HasPrefix(text, first) || whole[len(whole)-1] != '\n') {
			t.Fatalf("scan() took %q of %q", whole, text)
		}
		if bytes.ContainsRune(text[found.whole:], '\n') {
			t.Errorf("scan() cut a whole line: %q", text[found.whole:])
		}
		again, err := scan(bytes.NewReader(whole), first)
		if err != nil || again.whole != found.whole || len(again.entries) != len(found.entries) {
			t.Errorf("scan() of what counts = %+v, %v, want %+v", again, err, found)
		}
		for _, e := range found.entries {
			if s, err := parseRecord(text[e.at : e.at+int64(bytes.IndexByte(text[e.at:], '\n'))]); err != nil || s != e.sum {
				t.Errorf("no line of %v at %d", e.sum, e.at)
			}
		}
	})
}

func TestIndex_finds_what_it_has_and_marks_what_was_met(t *testing.T) {
	t.Parallel()
	var entries []entry
	for i := range 1000 {
		entries = append(entries, entry{sumOf(string(rune(i))), int64(i)})
	}
	rand.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	entries = append(entries, entry{sumOf("\x00"), 5000}) // a second line of one item
	x := newIndex(entries)
	for i := range 1000 {
		s := sumOf(string(rune(i)))
		for _, want := range []bool{true, false} {
			if known, first := x.meet(s); !known || first != want {
				t.Fatalf("meet(%d) = %v, %v, want true, %v", i, known, first, want)
			}
			if at, ok := x.find(s); !ok || at != int64(i) {
				t.Fatalf("find(%d) = %d, %v", i, at, ok)
			}
		}
	}
	if known, _ := x.meet(sumOf("none")); known {
		t.Error("meet() knows what is not there")
	}
	if _, ok := x.find(sumOf("none")); ok || len(x) != 1000 {
		t.Errorf("%d entries, find() of what is not there: %v", len(x), ok)
	}
	if size := unsafe.Sizeof(entry{}); size > 32 {
		t.Errorf("an entry takes %d bytes", size)
	}
}

func TestSeen_knows_each_item_once_and_takes_less_than_32_bytes(t *testing.T) {
	t.Parallel()
	s := newSeen[int]()
	for i := range 200_000 {
		if !s.add(i) || s.add(i) || s.add(i/2) {
			t.Fatalf("add(%d) is wrong", i)
		}
		if i < 20_000 || i%997 != 0 {
			continue // the first tables of the shards weigh more
		}
		slots := 0
		for _, shard := range s.shards {
			slots += len(shard.slots)
		}
		if each := float64(16*slots) / float64(i+1); each > 31 {
			t.Fatalf("%.1f bytes for each of %d items", each, i+1)
		}
	}
}
