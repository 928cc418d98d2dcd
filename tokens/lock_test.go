package tokens

import (
	"sync"
	"testing"
)

func TestLock_lets_one_in_at_a_time_however_many_want_it(t *testing.T) {
	t.Parallel()
	const callers, each = 64, 1000
	var l lock
	var wg sync.WaitGroup
	sum, inside := 0, 0
	for range callers {
		wg.Go(func() {
			for range each {
				l.Lock()
				if inside++; inside != 1 {
					t.Errorf("%d are inside", inside)
				}
				sum++
				inside--
				l.Unlock()
			}
		})
	}
	wg.Wait()
	if want := callers * each; sum != want {
		t.Errorf("sum = %d, want %d", sum, want)
	}
}

func TestLock_who_slept_comes_in_though_others_keep_trying(t *testing.T) {
	t.Parallel()
	var l lock
	l.Lock()
	in := make(chan struct{})
	go func() {
		l.Lock()
		close(in)
		l.Unlock()
	}()
	for { // takes it again at once, as a busy host does
		l.Unlock()
		l.Lock()
		select {
		case <-in:
			l.Unlock()
			return
		default:
		}
	}
}
