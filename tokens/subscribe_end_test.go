package tokens

import "testing"

func TestI16_Events_cost_nothing_once_nobody_listens(t *testing.T) {
	t.Parallel()
	m, err := NewManager(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	one, two := m.Subscribe(func(Event) {}), m.Subscribe(func(Event) {})
	one()
	if m.events.listeners.Load() == nil {
		t.Error("the other observer was forgotten")
	}
	two()
	if m.events.listeners.Load() != nil {
		t.Error("there are observers after the last has cancelled")
	}
}
