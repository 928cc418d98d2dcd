package usage

import "time"

// Summary is what a number of events come to. The zero Summary is that of none.
type Summary struct {
	Count     int64 // of all events
	Succeeded int64 // those with the outcome Success
	Failed    int64 // Failed
	Limited   int64 // ReachLimit; the three together are Count

	Bytes int64 // of the answers, as far as known

	latency  histogram
	measured int64
	total    time.Duration // of the measured latencies
}

// SuccessRate returns the share of events that succeeded, from 0 to 1. ok is
// false if there were none.
func (s Summary) SuccessRate() (rate float64, ok bool) {
	if s.Count == 0 {
		return 0, false
	}
	return float64(s.Succeeded) / float64(s.Count), true
}

// Percentile returns the latency that p per cent of the events did not exceed,
// such as 50, 95 or 99, within 3.2 per cent. ok is false if none was measured.
func (s Summary) Percentile(p float64) (d time.Duration, ok bool) { return s.latency.percentile(p) }

// MeanLatency returns the mean of the latencies that were measured. ok is false
// if none was.
func (s Summary) MeanLatency() (d time.Duration, ok bool) {
	if s.measured == 0 {
		return 0, false
	}
	return s.total / time.Duration(s.measured), true
}

// tally is a number of events of one outcome and one class of latency.
type tally struct {
	outcome Outcome
	class   int
	n       int64
	latency time.Duration // the sum
	bytes   int64         // the sum
}

func (e Event) tally() tally {
	return tally{e.Outcome, classOf(e.Latency), 1, max(e.Latency, 0), max(e.Bytes, 0)}
}

func (s *Summary) add(t tally) {
	s.Count += t.n
	switch t.outcome {
	case Success:
		s.Succeeded += t.n
	case ReachLimit:
		s.Limited += t.n
	default:
		s.Failed += t.n
	}
	s.Bytes += t.bytes
	if t.class == unknown {
		return
	}
	if s.latency == nil {
		s.latency = histogram{}
	}
	s.latency[t.class] += t.n
	s.measured += t.n
	s.total += t.latency
}
