package pool

import (
	"context"
	"sync"
)

// gate lets so many functions run at once, first come, first served. Its bound
// may change at any time. The zero gate has none.
type gate struct {
	mu      sync.Mutex // guards what follows
	limit   int        // 0 is no bound
	inside  int
	waiting []chan struct{} // closed when it is the turn of who waits
}

// tryEnter enters if there is room, and leave must follow.
func (g *gate) tryEnter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.room() || len(g.waiting) > 0 {
		return false
	}
	g.inside++
	return true
}

// enter waits for room, and leave must follow unless it returns an error.
func (g *gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.mu.Lock()
	if g.room() && len(g.waiting) == 0 {
		g.inside++
		g.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	g.waiting = append(g.waiting, turn)
	g.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		g.giveUp(turn)
		return ctx.Err()
	}
}

// giveUp takes out who does not wait any more, perhaps after its turn has come.
func (g *gate) giveUp(turn chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, other := range g.waiting {
		if other == turn {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			return
		}
	}
	g.inside--
	g.admit()
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	g.admit()
}

// resize changes the bound. Those who are inside stay.
func (g *gate) resize(limit int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limit = limit
	g.admit()
}

func (g *gate) admit() {
	for len(g.waiting) > 0 && g.room() {
		g.inside++
		close(g.waiting[0])
		g.waiting = g.waiting[1:]
	}
}

func (g *gate) room() bool { return g.limit == 0 || g.inside < g.limit }
