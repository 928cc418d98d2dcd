package pool

import (
	"testing"
	"testing/synctest"
)

// A context may end at the very moment of the turn, which then goes to the next.
func TestGate_a_turn_that_comes_too_late_goes_to_the_next(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var g gate
		g.resize(1)
		if err := g.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		late := make(chan struct{})
		g.waiting = append(g.waiting, late)
		next := make(chan error)
		go func() { next <- g.enter(t.Context()) }()
		synctest.Wait()
		g.leave()
		<-late // its turn has come
		g.giveUp(late)
		if err := <-next; err != nil {
			t.Error(err)
		}
		g.leave()
		if g.inside != 0 || !g.tryEnter() {
			t.Errorf("%d are inside", g.inside)
		}
	})
}
