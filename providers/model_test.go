package providers_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// models are all that a client returns.
var models = []any{
	providers.Repository{}, providers.User{}, providers.Organization{}, providers.Branch{}, providers.Tag{}, providers.Commit{},
	providers.Contributor{}, providers.PullRequest{}, providers.Issue{}, providers.Release{}, providers.Content{}, providers.TreeEntry{},
	providers.Language{},
}

func TestModels_come_back_from_JSON_without_loss(t *testing.T) {
	t.Parallel()
	for _, model := range models {
		want := reflect.New(reflect.TypeOf(model))
		fill(want.Elem(), 0)
		text, err := json.Marshal(want.Interface())
		if err != nil {
			t.Fatal(err)
		}
		got := reflect.New(reflect.TypeOf(model))
		if err := json.Unmarshal(text, got.Interface()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Interface(), got.Interface(), cmpopts.IgnoreUnexported(providers.Origin{})); diff != "" {
			t.Errorf("%T (-want +got):\n%s", model, diff)
		}
	}
}

// Every field has a name in lower case, and one that is not known is left out.
func TestI11_models_leave_out_what_is_not_known(t *testing.T) {
	t.Parallel()
	for _, model := range models {
		text, err := json.Marshal(model)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		for name, value := range fields {
			if name != strings.ToLower(name) {
				t.Errorf("%T has a field %q", model, name)
			}
			if s, ok := value.(string); ok && strings.HasPrefix(s, "0001-") || value == nil && name != "data" {
				t.Errorf("%T shows %s as %v", model, name, value)
			}
		}
	}
}

// fill puts something into every field.
func fill(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2024, 5, 6, 7, 8, 9, 10, time.UTC)))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), depth+i+1)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth)
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			v.SetBytes([]byte(`{"a":1}`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), depth+i)
		}
	case reflect.String:
		v.SetString(strings.Repeat("é", depth%5+1))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64, reflect.Int:
		v.SetInt(1<<53 + int64(depth))
	case reflect.Uint8:
		v.SetUint(uint64(depth%250 + 1))
	case reflect.Float64:
		v.SetFloat(0.125)
	default:
		panic("a kind of field that the test does not know: " + v.Kind().String())
	}
}

func TestOrigin_leads_to_the_librarys_record_and_to_nothing_else(t *testing.T) {
	t.Parallel()
	type record struct{ N int }
	o := providers.NewOrigin(providers.Info{}, &record{7})
	var native *record
	if !o.As(&native) || native.N != 7 {
		t.Errorf("As() gives %v", native)
	}
	var none *record
	for _, target := range []any{nil, none, record{}, new(int), (**record)(nil)} {
		if o.As(target) {
			t.Errorf("As(%T) is true", target)
		}
	}
	if (providers.Origin{}).As(&native) {
		t.Error("what has no record of the library leads to one")
	}
}
