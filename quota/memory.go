package quota

import (
	"context"
	"hash/maphash"
	"math"
	"sync"
	"time"
)

const (
	// rememberFor is how long a draw is known by its Once. A client's attempts of 30
	// seconds, three retries and the pauses between them end before that.
	rememberFor = 5 * time.Minute
	// sweepEvery is how often what need not be kept is dropped.
	sweepEvery = time.Minute
	// whole is what rounding may take from a token in the sums of a bucket.
	whole = 1e-9
)

// MemoryStore is a [Store] in memory. It drops buckets that are full, since a new one
// is full too, and their throttles with them. [NewMemoryStore] makes one.
type MemoryStore struct {
	seed    maphash.Seed
	shards  [shards]memoryShard
	sweeper sweeper
}

type memoryShard struct {
	mu      sync.Mutex // guards the maps and what they hold
	buckets map[BucketID]*serverBucket
	seen    map[onceKey]remembered
}

// A serverBucket holds tokens as of a time.
type serverBucket struct {
	tokens        float64
	at            time.Time
	refill, burst float64
	throttles     int
}

type onceKey struct {
	bucket BucketID
	once   string
}

type remembered struct {
	tokens  int
	partial bool
	drawn   Drawn
	until   time.Time
}

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore {
	m := &MemoryStore{seed: maphash.MakeSeed()}
	for i := range m.shards {
		m.shards[i].buckets = map[BucketID]*serverBucket{}
		m.shards[i].seen = map[onceKey]remembered{}
	}
	m.sweeper.sweep = m.sweep
	return m
}

// Take implements [Store]. It returns no error but ErrKeyReused.
func (m *MemoryStore) Take(_ context.Context, d Draw) (Drawn, error) {
	s := &m.shards[maphash.Comparable(m.seed, d.Bucket)%shards]
	m.sweeper.arm(sweepEvery)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	key := onceKey{d.Bucket, d.Once}
	if r, ok := s.seen[key]; ok && now.Before(r.until) {
		if r.tokens != d.Tokens || r.partial != d.Partial {
			return Drawn{}, ErrKeyReused
		}
		return r.drawn, nil
	}
	b := s.buckets[d.Bucket]
	if b == nil {
		b = &serverBucket{tokens: float64(d.Burst), at: now}
		s.buckets[d.Bucket] = b
	}
	drawn := b.take(d, now)
	if d.Once != "" {
		s.seen[key] = remembered{tokens: d.Tokens, partial: d.Partial, drawn: drawn, until: now.Add(rememberFor)}
	}
	return drawn, nil
}

// take refills the bucket and takes tokens out of it.
func (b *serverBucket) take(d Draw, now time.Time) Drawn {
	b.refill, b.burst = d.Refill, float64(d.Burst)
	b.tokens, b.at = b.level(now), now
	n := d.Tokens
	if have := int(b.tokens + whole); have < n {
		n = 0
		if d.Partial {
			n = have
		}
	}
	if n == 0 {
		b.throttles++
	}
	b.tokens -= float64(n) // what rounding gave is owed
	return Drawn{Consumed: n, Remaining: int(b.tokens + whole), Throttles: b.throttles}
}

// level returns the tokens that the bucket holds now. Times of one process bear the
// reading of the monotonic clock, so that a clock set back takes none.
func (b *serverBucket) level(now time.Time) float64 {
	return math.Min(b.tokens+now.Sub(b.at).Seconds()*b.refill, b.burst)
}

// sweep drops full buckets and old draws, and asks for the next sweep if anything is
// left that time will free.
func (m *MemoryStore) sweep() time.Duration {
	next := time.Duration(0)
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		now := time.Now()
		for id, b := range s.buckets {
			if b.level(now) >= b.burst {
				delete(s.buckets, id)
			} else if b.refill > 0 {
				next = sweepEvery
			}
		}
		for key, r := range s.seen {
			if !now.Before(r.until) {
				delete(s.seen, key)
			} else {
				next = sweepEvery
			}
		}
		s.mu.Unlock()
	}
	return next
}

// Len returns how many buckets the store holds.
func (m *MemoryStore) Len() int {
	n := 0
	for i := range m.shards {
		m.shards[i].mu.Lock()
		n += len(m.shards[i].buckets)
		m.shards[i].mu.Unlock()
	}
	return n
}
