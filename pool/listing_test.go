package pool

import (
	"context"
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestSync_a_key_that_stays_malformed_makes_the_list_no_longer_with_every_listing(t *testing.T) {
	t.Parallel()
	key := func(id string) Key { return Key{ID: id, Secret: tokens.Static(canary.Token(id))} }
	list := []Key{key("k1"), key("k2")}
	p, err := New(Config[string]{
		Provider: "acme",
		Open:     func(context.Context, Key) (string, error) { return "", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	if err := p.Sync(t.Context(), SyncConfig{
		Keys:     func(context.Context) ([]Key, error) { return list, nil },
		Interval: -1,
	}); err != nil {
		t.Fatal(err)
	}
	list = []Key{key("k1"), {ID: "bad"}, key("k3")}
	for range 3 {
		if err := p.Refresh(t.Context()); err == nil {
			t.Error("nobody was told of the malformed key")
		}
	}
	if n := len(p.syncer.listed); n != 3 || p.Len() != 3 {
		t.Errorf("%d tokens listed, %d keys, want k1, k2 and k3 once each", n, p.Len())
	}
}
