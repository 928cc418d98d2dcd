package providertest

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
)

// records checks what is the same of every record.
func (s suite) records(t *testing.T) {
	t.Run("know_where_they_are_from", func(t *testing.T) {
		s.each(t, nil, func(t *testing.T, b *bench, o operation) {
			all, _ := b.normally(o)
			for _, i := range all {
				from, ok := i.origin()
				if ok && (from.Provider != b.Client.Provider() || from.Host != b.Client.Host()) {
					t.Errorf("a record is from %q %q", from.Provider, from.Host)
				}
				if from.Raw != nil {
					t.Error("a record has JSON that nobody asked for")
				}
			}
		})
	})
	t.Run("keep_their_JSON_if_asked", func(t *testing.T) {
		s.each(t, func(o operation) bool { return o.op != providers.OpLanguages }, func(t *testing.T, b *bench, o operation) {
			plain, _ := b.normally(o)
			all, _ := b.normally(o, providers.Raw())
			if len(plain) != len(all) {
				t.Errorf("%d items, and %d without Raw", len(all), len(plain))
			}
			for _, i := range all {
				from, _ := i.origin()
				var object map[string]any
				if err := json.Unmarshal(from.Raw, &object); err != nil || len(object) == 0 {
					t.Errorf("Raw is %.100q: %v", from.Raw, err)
				}
			}
		})
	})
	t.Run("lead_to_the_library's", func(t *testing.T) { s.each(t, nil, native) })
	t.Run("come_back_from_JSON", func(t *testing.T) {
		s.each(t, nil, func(t *testing.T, b *bench, o operation) {
			all, _ := b.normally(o)
			for _, i := range all {
				back := reflect.New(reflect.TypeOf(i.record))
				if err := json.Unmarshal([]byte(i.json), back.Interface()); err != nil {
					t.Fatal(err)
				}
				if again := newItem(back.Elem().Interface()); again.json != i.json {
					t.Errorf("it was %s\nand is %s", i.json, again.json)
				}
			}
		})
	})
	s.with(t, "client_leads_to_the_library's", few, func(t *testing.T, b *bench) {
		if b.NativeClient == nil {
			t.Skip("the harness names no type")
		}
		target := pointerTo(b.NativeClient)
		if !b.Client.As(target) || reflect.ValueOf(target).Elem().IsZero() {
			t.Errorf("Client.As does not reach a %T", b.NativeClient)
		}
		if b.Client.As(new(struct{})) {
			t.Error("Client.As reaches what there is not")
		}
	})
}

// pointerTo returns a new pointer to a variable of the type of v.
func pointerTo(v any) any { return reflect.New(reflect.TypeOf(v)).Interface() }

// native checks that the library's record is reached, and that ours shares no
// memory with it that either could change.
func native(t *testing.T, b *bench, o operation) {
	all, _ := b.normally(o)
	v, ok := b.Native[o.op]
	if !ok {
		t.Skip("the harness names no type")
	}
	for _, i := range all {
		from, _ := i.origin()
		target := pointerTo(v)
		if !from.As(target) || reflect.ValueOf(target).Elem().IsZero() {
			t.Fatalf("Origin.As does not reach a %T", v)
		}
		if from.As(new(struct{})) {
			t.Fatal("Origin.As reaches what there is not")
		}
		theirs := map[uintptr]bool{}
		shared(reflect.ValueOf(target), theirs, func(reflect.Value) {})
		shared(reflect.ValueOf(i.record), map[uintptr]bool{}, func(v reflect.Value) {
			if theirs[v.Pointer()] {
				t.Errorf("a %s of the record is the library's", v.Type())
			}
		})
	}
}

// shared calls found for every pointer, slice and map below v that is not empty,
// and notes where it leads. Fields that are not exported are left out, since no
// user reaches them.
func shared(v reflect.Value, seen map[uintptr]bool, found func(reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if v.IsNil() || v.Kind() == reflect.Slice && v.Cap() == 0 || v.Kind() == reflect.Pointer && v.Type().Elem().Size() == 0 || seen[v.Pointer()] {
			return
		}
		seen[v.Pointer()] = true
		found(v)
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			shared(v.Elem(), seen, found)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				shared(v.Field(i), seen, found)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			shared(v.Index(i), seen, found)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			shared(v.MapIndex(k), seen, found)
		}
	}
}
