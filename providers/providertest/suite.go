package providertest

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gitfleet/gitfleet/providers"
)

// suite are the tests of one driver.
type suite struct {
	newHarness func(testing.TB, Options) Harness
}

// bench is a harness of one test, and what is seen of it.
type bench struct {
	Harness
	wire *wire
	t    *testing.T
}

// few is how many repositories an owner has where it does not matter.
const few = 5

// maxAnswer is more than a page of the longest list takes.
const maxAnswer = 2 << 20

// with runs a test on a harness of its own, in a bubble.
func (s suite) with(t *testing.T, name string, repositories int, test func(*testing.T, *bench)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		var inner *testing.T
		synctest.Test(t, func(t *testing.T) {
			inner = t
			test(t, s.bench(t, repositories))
		})
		if inner.Skipped() {
			t.SkipNow() // a bubble does not say so by itself
		}
	})
}

// bench makes a harness. When the test is over all bodies are closed.
func (s suite) bench(t *testing.T, repositories int) *bench {
	w := &wire{}
	b := &bench{Harness: s.newHarness(t, Options{Repositories: repositories, Wrap: w.over, MaxAnswer: maxAnswer}), wire: w, t: t}
	t.Cleanup(func() {
		if n := w.open.Load(); n != 0 {
			t.Errorf("%d bodies of answers were not closed", n)
		}
	})
	return b
}

// each runs a test for every operation that the driver has, the host answers and
// which picks, each on a harness of its own.
func (s suite) each(t *testing.T, which func(operation) bool, test func(*testing.T, *bench, operation)) {
	for _, o := range operations {
		if which != nil && !which(o) {
			continue
		}
		s.with(t, strings.ReplaceAll(string(o.op), " ", "_"), few, func(t *testing.T, b *bench) {
			if !b.Client.Supports(o.op) || !o.has(b.Harness) {
				t.Skip("the driver or the harness has none")
			}
			test(t, b, o)
		})
	}
}

// answered reports whether the simulated host answers an operation.
func (b *bench) answered(o operation) bool { return !slices.Contains(b.Without, o.op) }

// small are the options that make a list have several pages, one after the other.
func small(o operation) []providers.Option {
	if !o.list {
		return nil
	}
	return []providers.Option{providers.PageSize(2), providers.Concurrency(1)}
}

// normally runs an operation to the end and returns what it brings, in how many
// requests. It skips the test if the host does not answer it.
func (b *bench) normally(o operation, options ...providers.Option) ([]item, int) {
	b.t.Helper()
	if !b.answered(o) {
		b.t.Skip("the simulated host does not answer it")
	}
	b.wire.begin(nil)
	items, err := o.run(b.t.Context(), b.Harness, options...)
	if err != nil {
		b.t.Fatalf("%s: %v", o.op, err)
	}
	return items, len(b.wire.asked())
}

func lists(o operation) bool { return o.list }
