package tokens

// viewers is the tokens that name one owner, or those that name none. It is guarded
// by its Host's mutex.
type viewers struct {
	count    int
	alive    sequence[*entry] // those of them that can serve, perhaps after a rest
	audience audience         // of calls for the owner
}

// view makes e one of the viewers of an owner.
func (h *Host) view(owner string, e *entry) {
	v := h.named[owner]
	if v == nil {
		v = &viewers{audience: audience{owner: owner}}
		h.named[owner] = v
	}
	v.count++
	if e.living {
		v.alive.add(e)
	}
}

// unview makes e none of them.
func (h *Host) unview(owner string, e *entry) {
	v := h.named[owner]
	v.alive.remove(e)
	if v.count--; v.count == 0 {
		delete(h.named, owner)
	}
}

// restate has a token of the host known for what it can be used for now, by its account
// and by those who look for one that is alive. Whoever changes that calls it.
func (e *entry) restate() {
	if e.removed {
		return
	}
	if s := e.still(); s != e.counts {
		e.account.states[e.counts]--
		e.account.states[s]++
		e.counts = s
	}
	e.repost()
	if e.alive() != e.living {
		e.enliven()
	}
}

// enliven counts the token among those that are alive, or no more.
func (e *entry) enliven() {
	h := e.host
	e.living = e.alive()
	e.appear(&h.alive)
	for _, owner := range e.owners {
		e.appear(&h.named[owner].alive)
	}
	if len(e.owners) == 0 {
		e.appear(&h.named[""].alive)
	}
}

// appear puts the token into a sequence of those that are alive, or takes it out.
func (e *entry) appear(alive *sequence[*entry]) {
	if e.living {
		alive.add(e)
	} else {
		alive.remove(e)
	}
}

// firstOf returns the first token that is alive and names the owner, or none if
// that is empty; nil if there is no such token.
func (h *Host) firstOf(owner string) *entry {
	if v := h.named[owner]; v != nil && v.alive.count > 0 {
		return v.alive.first()
	}
	return nil
}

// firstSeeing returns the first token that is alive and sees the owner, or nil.
func (h *Host) firstSeeing(owner string) *entry {
	if owner == "" {
		if h.alive.count == 0 {
			return nil
		}
		return h.alive.first()
	}
	first := h.firstOf("")
	for ; owner != ""; owner = around(owner) {
		if e := h.firstOf(owner); e != nil && (first == nil || e.order < first.order) {
			first = e
		}
	}
	return first
}
