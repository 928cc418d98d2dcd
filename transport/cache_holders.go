package transport

import (
	"context"
	"encoding/binary"
	"net/http"
	"slices"

	"github.com/gitfleet/gitfleet/tokens"
)

// maxHolders is how many answers are kept of one resource: those of other tokens
// and of other fields.
const maxHolders = 8

// holder says that an answer is kept: for which token, and what the request's
// fields were that select it. The holders of a resource are one value of the
// Store, the latest first; without it their entries are not found.
type holder struct {
	token  tokens.ID
	names  string // as fieldNames returns them
	fields digest // of them in the request
	key    digest // of the entry
}

// readHolders reads what writeHolders made for this key; nil if it is none.
func readHolders(value []byte, key digest) []holder {
	if len(value) < bodyAt || string(value[:2]) != holdersMark || digest(value[2:bodyAt]) != key {
		return nil
	}
	text := textReader{left: string(value[bodyAt:])}
	n := text.number()
	if n > maxHolders {
		return nil
	}
	hs := make([]holder, n)
	for i := range hs {
		hs[i].token, hs[i].names = tokens.ID(text.next()), text.next()
		hs[i].fields, hs[i].key = text.digest(), text.digest()
	}
	if text.bad || text.left != "" {
		return nil
	}
	return hs
}

func writeHolders(hs []holder, key digest) []byte {
	buf := append([]byte(holdersMark), key[:]...)
	buf = binary.AppendUvarint(buf, uint64(len(hs)))
	for _, h := range hs {
		buf = appendText(appendText(buf, string(h.token)), h.names)
		buf = append(append(buf, h.fields[:]...), h.key[:]...)
	}
	return buf
}

// fitting keeps those whose answer a request with this header may get.
func fitting(hs []holder, h http.Header) []holder {
	var names string
	var fields digest
	return slices.DeleteFunc(hs, func(one holder) bool {
		if one.names != names {
			names, fields = one.names, fieldsOf(one.names, h)
		}
		return one.fields != fields
	})
}

// put keeps an entry and says who holds it.
func (c *Cache) put(ctx context.Context, log func(error), resource digest, h holder, value []byte) {
	defer c.lock(resource)()
	if !c.set(ctx, log, h.key, value) {
		return
	}
	hs := readHolders(c.get(ctx, log, resource), resource)
	hs = slices.Insert(slices.DeleteFunc(hs, func(o holder) bool { return o == h }), 0, h)
	for len(hs) > maxHolders {
		last := hs[len(hs)-1]
		c.delete(ctx, log, last.key)
		hs = hs[:len(hs)-1]
	}
	if c.set(ctx, log, resource, writeHolders(hs, resource)) {
		c.counts.kept.Add(1)
	}
}

// forget drops the answers of all tokens for a resource.
func (c *Cache) forget(ctx context.Context, log func(error), resource digest) {
	defer c.lock(resource)()
	hs := readHolders(c.get(ctx, log, resource), resource)
	if len(hs) == 0 {
		return
	}
	c.delete(ctx, log, resource)
	for _, h := range hs {
		c.delete(ctx, log, h.key)
	}
}

// lock keeps others from writing who holds a resource, and returns how to let
// them again. Another process may still: then one of two entries is not found.
func (c *Cache) lock(resource digest) (unlock func()) {
	m := &c.slots[int(resource[0])%len(c.slots)]
	m.Lock()
	return m.Unlock
}

func (c *Cache) get(ctx context.Context, log func(error), key digest) []byte {
	value, err := c.store().Get(ctx, key.String())
	if err != nil {
		c.failed(log, err)
		return nil
	}
	return value
}

func (c *Cache) set(ctx context.Context, log func(error), key digest, value []byte) bool {
	err := c.store().Set(ctx, key.String(), value)
	if err != nil {
		c.failed(log, err)
	}
	return err == nil
}

func (c *Cache) delete(ctx context.Context, log func(error), key digest) {
	if err := c.store().Delete(ctx, key.String()); err != nil {
		c.failed(log, err)
	}
}

// failed counts an error of the Store, and tells of the first.
func (c *Cache) failed(log func(error), err error) {
	if c.counts.errors.Add(1) == 1 {
		log(err)
	}
}
