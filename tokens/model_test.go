package tokens

import (
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
)

// operation is one step of a run of the model: which, and what it works on.
// What a run does follows from its operations alone, but for the jitter of pauses
// that no host named and the order of Go's maps.
type operation [4]byte

// operationsIn cuts the input of a fuzzer, or of a seed, into operations.
func operationsIn(data []byte) []operation {
	ops := make([]operation, len(data)/len(operation{}))
	for i := range ops {
		ops[i] = operation(data[i*len(operation{}):])
	}
	return ops
}

func operationsOf(seed uint64, n int) []operation {
	rnd := rand.New(rand.NewPCG(seed, 7))
	data := make([]byte, n*len(operation{}))
	for i := range data {
		data[i] = byte(rnd.Uint32())
	}
	return operationsIn(data)
}

// departure is how product and model differ. It ends a run as a panic, so that one
// can be tried again without failing the test.
type departure string

// runModel runs the operations in a bubble of its own and returns how the product
// departed from the model, or else "".
func runModel(t *testing.T, ops []operation, count *modelCount) (found string) {
	synctest.Test(t, func(t *testing.T) {
		at := 0
		defer func() {
			switch p := recover().(type) {
			case nil:
			case departure:
				found = fmt.Sprintf("operation %d: %s", at, p)
			default:
				found = fmt.Sprintf("operation %d: panic: %v\n%s", at, p, debug.Stack())
			}
		}()
		m := newModel(ops)
		defer m.abandon()
		for ; at < len(ops); at++ {
			m.step(ops[at])
		}
		m.finish()
		count.add(m.modelCount)
	})
	return found
}

// modelCount says what a run did, so that one which does next to nothing is
// noticed.
type modelCount struct{ steps, granted, waited, refused, merged, restored int }

func (c *modelCount) add(o modelCount) {
	if c == nil {
		return
	}
	c.steps += o.steps
	c.granted += o.granted
	c.waited += o.waited
	c.refused += o.refused
	c.merged += o.merged
	c.restored += o.restored
}

// shrink leaves out operations for as long as the rest still fails.
func shrink(t *testing.T, ops []operation, found string) ([]operation, string) {
	for size := len(ops) / 2; size > 0; size /= 2 {
		for from := 0; from+size <= len(ops); {
			less := append(append([]operation(nil), ops[:from]...), ops[from+size:]...)
			if still := runModel(t, less, nil); still != "" {
				ops, found = less, still
			} else {
				from += size
			}
		}
	}
	return ops, found
}

// report says what went wrong in the shortest way that was found.
func report(t *testing.T, ops []operation, found string) {
	t.Helper()
	ops, found = shrink(t, ops, found)
	var text strings.Builder
	var data []byte
	for i, op := range ops {
		fmt.Fprintf(&text, "%4d %-12s %3d %3d %3d\n", i, modelSteps[int(op[0])%len(modelSteps)].name, op[1], op[2], op[3])
		data = append(data, op[:]...)
	}
	t.Errorf("%s\n%srepeat it with: GITFLEET_MODEL_OPS=%s go test -run A_plain_model ./tokens", found, &text, hex.EncodeToString(data))
}

// modelRuns is how many runs of the model a test makes; make nightly asks for more.
var modelRuns = flag.Int("modelruns", 0, "runs of the model, of 1000 operations each; 0 is the default")

func TestI4_I5_I6_I7_I9_I12_I13_A_plain_model_agrees_with_every_random_operation(t *testing.T) {
	t.Parallel()
	if text := os.Getenv("GITFLEET_MODEL_OPS"); text != "" {
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if found := runModel(t, operationsIn(data), nil); found != "" {
			report(t, operationsIn(data), found)
		}
		return
	}
	const length = 1000
	first, runs := uint64(0), 100
	switch seed := os.Getenv("GITFLEET_MODEL_SEED"); {
	case seed != "":
		var err error
		if first, err = strconv.ParseUint(seed, 10, 64); err != nil {
			t.Fatal(err)
		}
		runs = 1
	case *modelRuns > 0:
		first, runs = rand.Uint64N(1<<40), *modelRuns
	case testing.Short():
		runs = 20
	}
	var count modelCount
	for seed := first; seed < first+uint64(runs); seed++ {
		ops := operationsOf(seed, length)
		if found := runModel(t, ops, &count); found != "" {
			t.Errorf("seed %d: repeat it with: GITFLEET_MODEL_SEED=%d go test -run A_plain_model ./tokens", seed, seed)
			report(t, ops, found)
			return
		}
	}
	t.Logf("%+v", count)
	if runs > 1 && (count.granted < count.steps/8 || count.waited < count.steps/80 || count.merged < runs/4 || count.restored < runs/4) {
		t.Errorf("too little happened: %+v", count)
	}
}

func FuzzModel(f *testing.F) {
	for seed := range uint64(4) {
		var data []byte
		for _, op := range operationsOf(seed, 40) {
			data = append(data, op[:]...)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ops := operationsIn(data[:min(len(data), 4000)])
		if found := runModel(t, ops, nil); found != "" {
			report(t, ops, found)
		}
	})
}
