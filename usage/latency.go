package usage

import (
	"math"
	"math/bits"
	"time"
)

// Latencies are counted in classes of microseconds: exact below 32, then 16
// classes to each doubling. The middle of a class is at most 3.2 per cent off.
const (
	classBits = 4
	unknown   = -1 // the class of what was not measured
)

func classOf(d time.Duration) int {
	if d < 0 {
		return unknown
	}
	us := uint64(d / time.Microsecond)
	if us < 2<<classBits {
		return int(us)
	}
	shift := bits.Len64(us) - classBits - 1
	return shift<<classBits + int(us>>shift)
}

// middle returns the latency that stands for those of a class.
func middle(class int) time.Duration {
	if class < 2<<classBits {
		return time.Duration(class) * time.Microsecond
	}
	shift := class>>classBits - 1
	low := uint64(class-shift<<classBits) << shift
	return time.Duration(low+1<<shift/2) * time.Microsecond
}

// histogram is how many latencies were of each class; unknown ones are not in it.
type histogram map[int]int64

// percentile returns the latency that p per cent of those known do not exceed.
func (h histogram) percentile(p float64) (time.Duration, bool) {
	var all, seen int64
	last := 0
	for class, n := range h {
		all += n
		last = max(last, class)
	}
	if all == 0 {
		return 0, false
	}
	rank := max(1, int64(math.Ceil(float64(all)*min(max(p, 0), 100)/100)))
	for class := 0; class < last; class++ {
		if seen += h[class]; seen >= rank {
			return middle(class), true
		}
	}
	return middle(last), true
}
