package batch

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"reflect"
	"strconv"
)

// Identified is implemented by items that carry more than what identifies them.
// The ID must not change, and is no secret: a checkpoint holds it.
type Identified interface{ ID() string }

// isIdentified reports whether items have an ID. Of an interface type it counts
// what the type says, so that all items of a batch are treated alike.
func isIdentified[K comparable]() bool {
	return reflect.TypeFor[K]().Implements(reflect.TypeFor[Identified]())
}

// texts returns what turns an item into the text that a checkpoint knows it by,
// or an error if items have none that says all of them.
func texts[K comparable]() (func(K) string, error) {
	if isIdentified[K]() {
		return func(k K) string { return any(k).(Identified).ID() }, nil
	}
	t := reflect.TypeFor[K]()
	switch t.Kind() {
	case reflect.String:
		return func(k K) string { return reflect.ValueOf(k).String() }, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(k K) string { return strconv.FormatInt(reflect.ValueOf(k).Int(), 10) }, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return func(k K) string { return strconv.FormatUint(reflect.ValueOf(k).Uint(), 10) }, nil
	}
	return nil, fmt.Errorf("batch: checkpoint: items of type %v need a method ID() string", t)
}

// sum identifies an item in a checkpoint, as no process and no version of Go
// changes: 128 bits of the SHA-256 of its text.
type sum [2]uint64

func sumOf(text string) sum {
	h := sha256.Sum256([]byte(text))
	return sum{binary.BigEndian.Uint64(h[:8]), binary.BigEndian.Uint64(h[8:])}
}

// String returns s as 32 hexadecimal digits.
func (s sum) String() string {
	b := binary.BigEndian.AppendUint64(nil, s[0])
	return hex.EncodeToString(binary.BigEndian.AppendUint64(b, s[1]))
}

// parseSum is the inverse of String.
func parseSum(text string) (s sum, ok bool) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != 16 {
		return s, false
	}
	return sum{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}, true
}
