package tokens

import "iter"

// viewers is the tokens that name one owner, or those that name none. It is guarded
// by its Host's mutex.
type viewers struct {
	tokens   sequence[*entry]
	first    *entry   // of them that is alive, or nil
	asOf     uint64   // the host's generation that first is of
	audience audience // of calls for the owner
}

// view makes e one of the viewers of an owner.
func (h *Host) view(owner string, e *entry) {
	v := h.named[owner]
	if v == nil {
		v = &viewers{audience: audience{owner: owner}}
		h.named[owner] = v
	}
	v.tokens.add(e)
	v.asOf = 0
}

// unview makes e none of them.
func (h *Host) unview(owner string, e *entry) {
	v := h.named[owner]
	v.tokens.remove(e)
	v.asOf = 0
	if v.tokens.count == 0 {
		delete(h.named, owner)
	}
}

// firstOf returns the first token that is alive and names the owner, or none if
// that is empty; nil if there is no such token.
func (h *Host) firstOf(owner string) *entry {
	v := h.named[owner]
	if v == nil {
		return nil
	}
	if v.asOf != h.generation {
		v.first, v.asOf = firstAlive(v.tokens.all()), h.generation
	}
	return v.first
}

// firstSeeing returns the first token that is alive and sees the owner, or nil.
func (h *Host) firstSeeing(owner string) *entry {
	if owner == "" {
		if h.firstAsOf != h.generation {
			h.first, h.firstAsOf = firstAlive(h.entries.all()), h.generation
		}
		return h.first
	}
	first := h.firstOf("")
	for ; owner != ""; owner = around(owner) {
		if e := h.firstOf(owner); e != nil && (first == nil || e.order < first.order) {
			first = e
		}
	}
	return first
}

func firstAlive(tokens iter.Seq[*entry]) *entry {
	for e := range tokens {
		if e.alive() {
			return e
		}
	}
	return nil
}
