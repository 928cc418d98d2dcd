package tokens

import (
	"container/heap"
	"iter"
)

// squads is the tokens of an account that has many of them, so that a call need not look
// at each.
type squads struct {
	all  squad             // every token
	open squad             // those that name no owner
	of   map[string]*squad // those that name one, by owner; none is empty
}

// squad is tokens of one account: those that can be used in a heap, the one to be used
// first first. It implements [heap.Interface].
type squad struct {
	members int
	alive   int
	probing int
	usable  []*post
}

// post is the place of a token in a squad of its account.
type post struct {
	entry          *entry
	squad          *squad
	index          int // among the usable, or -1
	alive, probing bool
}

func (k *squads) add(e *entry) {
	e.posts = make([]post, 1+max(1, len(e.owners)))
	e.posts[0].join(&k.all, e)
	if len(e.owners) == 0 {
		e.posts[1].join(&k.open, e)
	}
	for i, owner := range e.owners {
		if k.of[owner] == nil {
			k.of[owner] = &squad{}
		}
		e.posts[1+i].join(k.of[owner], e)
	}
}

func (k *squads) remove(e *entry) {
	for i := range e.posts {
		e.posts[i].leave()
	}
	e.posts = nil
	for _, owner := range e.owners {
		if k.of[owner].members == 0 {
			delete(k.of, owner)
		}
	}
}

// admitted yields the squads of the tokens that an audience admits, of which none is
// the only one.
func (k *squads) admitted(of *audience, a *account) iter.Seq[*squad] {
	return func(yield func(*squad) bool) {
		switch {
		case of != nil && of.account != nil && of.account != a:
		case of == nil || of.owner == "":
			yield(&k.all)
		case yield(&k.open):
			for owner := of.owner; owner != ""; owner = around(owner) {
				if named := k.of[owner]; named != nil && !yield(named) {
					return
				}
			}
		}
	}
}

// pick is account.pick.
func (k *squads) pick(a *account, r *Request) *entry {
	if r == nil {
		return k.all.first()
	}
	if of := r.audience; of != nil && of.token != nil {
		if e := of.token; a.holds(e) && e.usable() && of.admits(e) && !r.Tried.hasToken(e) {
			return e
		}
		return nil
	}
	var best *entry
	for named := range k.admitted(r.audience, a) {
		best = named.pick(r.Tried, best)
	}
	return best
}

// pick returns the first token that has not been tried, or best if that comes before.
func (k *squad) pick(t *Tried, best *entry) *entry {
	for i := 0; i < len(k.usable); {
		e := k.usable[i].entry
		below := best == nil || e.before(best)
		if below && !t.hasToken(e) {
			best, below = e, false // what is below comes after it
		}
		i = heapNext(i, len(k.usable), below)
	}
	return best
}

// first returns the token that is to be used first, or nil.
func (k *squad) first() *entry {
	if k == nil || len(k.usable) == 0 {
		return nil
	}
	return k.usable[0].entry
}

// hopeful reports whether a token can be used, now or once it has been confirmed.
func (k *squad) hopeful() bool { return k != nil && len(k.usable)+k.probing > 0 }

// repost puts a token where it belongs in the squads of its account.
func (e *entry) repost() {
	for i := range e.posts {
		e.posts[i].fix()
	}
}

func (p *post) join(k *squad, e *entry) {
	k.members++
	*p = post{entry: e, squad: k, index: -1}
	p.fix()
}

func (p *post) leave() {
	p.squad.members--
	if p.index >= 0 {
		heap.Remove(p.squad, p.index)
	}
	p.count(false, false)
}

// fix puts the token where it belongs, after something of it has changed.
func (p *post) fix() {
	p.count(p.entry.alive(), p.entry.probing)
	switch usable := p.entry.usable(); {
	case usable && p.index < 0:
		heap.Push(p.squad, p)
	case usable:
		heap.Fix(p.squad, p.index)
	case p.index >= 0:
		heap.Remove(p.squad, p.index)
	}
}

func (p *post) count(alive, probing bool) {
	if alive != p.alive {
		p.alive = alive
		p.squad.alive += sign(alive)
	}
	if probing != p.probing {
		p.probing = probing
		p.squad.probing += sign(probing)
	}
}

func sign(up bool) int {
	if up {
		return 1
	}
	return -1
}

// Len implements [heap.Interface].
func (k *squad) Len() int { return len(k.usable) }

// Less implements [heap.Interface].
func (k *squad) Less(i, j int) bool { return k.usable[i].entry.before(k.usable[j].entry) }

// Swap implements [heap.Interface].
func (k *squad) Swap(i, j int) {
	k.usable[i], k.usable[j] = k.usable[j], k.usable[i]
	k.usable[i].index, k.usable[j].index = i, j
}

// Push implements [heap.Interface].
func (k *squad) Push(x any) {
	p := x.(*post)
	p.index = len(k.usable)
	k.usable = append(k.usable, p)
}

// Pop implements [heap.Interface].
func (k *squad) Pop() any {
	last := len(k.usable) - 1
	p := k.usable[last]
	k.usable[last] = nil
	k.usable = k.usable[:last]
	p.index = -1
	return p
}
