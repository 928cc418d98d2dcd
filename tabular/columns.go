package tabular

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Columns returns the names of a record's columns: those of a struct's type in
// the order of its fields, those of a map by name.
func Columns(record any, separator string) ([]string, error) {
	t := reflect.TypeOf(record)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t != nil && t.Kind() == reflect.Struct {
		return structColumns(t, "", separator, nil), nil
	}
	m, err := ToMap(record)
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(Flatten(m, separator))), nil
}

// structColumns lists the columns of a struct type as encoding/json names its
// fields. Types that write their own JSON are one column, and so is what would
// never end.
func structColumns(t reflect.Type, prefix, separator string, within []reflect.Type) []string {
	var columns []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, inline := jsonName(f)
		if name == "" && !inline {
			continue
		}
		below := f.Type
		if below.Kind() == reflect.Pointer {
			below = below.Elem()
		}
		nested := below.Kind() == reflect.Struct && !marshals(below) && !slices.Contains(within, below)
		switch {
		case inline && nested:
			columns = append(columns, structColumns(below, prefix, separator, within)...)
		case nested:
			columns = append(columns, structColumns(below, prefix+name+separator, separator, append(within, t))...)
		default:
			columns = append(columns, prefix+name)
		}
	}
	return columns
}

// jsonName returns how encoding/json names a field, and whether it puts the
// field's own fields in its place. Neither means that the field is left out.
func jsonName(f reflect.StructField) (name string, inline bool) {
	tag := f.Tag.Get("json")
	if tag == "-" {
		return "", false
	}
	name, _, _ = strings.Cut(tag, ",")
	switch {
	case f.Anonymous && name == "":
		return "", true
	case !f.IsExported():
		return "", false
	case name == "":
		return f.Name, false
	}
	return name, false
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

func marshals(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(jsonMarshaler) || p.Implements(textMarshaler)
}

// ToMap returns a record as a map of its JSON. Numbers are of type
// [json.Number], so that large ids stay what they are.
func ToMap(record any) (map[string]any, error) {
	text, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("tabular: %w", err)
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil || m == nil {
		return nil, fmt.Errorf("tabular: %T is no record: want a struct or a map", record)
	}
	return m, nil
}

// ToMaps returns each record of a list as [ToMap] does.
func ToMaps[T any](records []T) ([]map[string]any, error) {
	maps := make([]map[string]any, len(records))
	for i, r := range records {
		m, err := ToMap(r)
		if err != nil {
			return nil, err
		}
		maps[i] = m
	}
	return maps, nil
}

// Flatten returns a map in which nested maps are replaced by what is in them,
// under the names of all levels joined by the separator. Lists stay lists.
func Flatten(m map[string]any, separator string) map[string]any {
	flat := make(map[string]any, len(m))
	flatten(flat, m, "", separator)
	return flat
}

func flatten(into, m map[string]any, prefix, separator string) {
	for k, v := range m {
		if nested, ok := v.(map[string]any); ok && len(nested) > 0 {
			flatten(into, nested, prefix+k+separator, separator)
			continue
		}
		into[prefix+k] = v
	}
}

// only returns the columns of a flat record; what it does not have is null.
func only(flat map[string]any, columns []string) map[string]any {
	m := make(map[string]any, len(columns))
	for _, c := range columns {
		m[c] = flat[c]
	}
	return m
}
