package providers

import (
	"encoding/json"
	"reflect"

	"github.com/gitfleet/gitfleet/tokens"
)

// Origin is where a record came from. It is part of every model.
type Origin struct {
	Provider tokens.ProviderType `json:"provider"`
	Host     string              `json:"host"` // base URL of the API

	// Raw is the record as the host sent it, if [Raw] asked for it.
	Raw json.RawMessage `json:"raw,omitempty"`

	native any
}

// NewOrigin is for drivers: native is the library's record, for [Origin.As].
func NewOrigin(i Info, native any) Origin {
	return Origin{Provider: i.Provider, Host: i.Host, native: native}
}

// As sets target, a pointer, to the record of the library that the host's
// package uses, for example a **github.Repository of go-github, and reports
// whether there is one of that type. What was decoded from JSON has none.
func (o Origin) As(target any) bool { return as(o.native, target) }

func as(native, target any) bool {
	to := reflect.ValueOf(target)
	if native == nil || to.Kind() != reflect.Pointer || to.IsNil() {
		return false
	}
	from := reflect.ValueOf(native)
	if !from.Type().AssignableTo(to.Elem().Type()) {
		return false
	}
	to.Elem().Set(from)
	return true
}
