package quota

import (
	"cmp"
	"hash/maphash"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// idle is how long a local bucket lives when it is neither used nor refilled: the 60
// seconds that LightRate documents. Its tokens end with it.
const idle = 60 * time.Second

const (
	shards = 64
	slots  = 16 // of a shard
)

// A shard holds the buckets of some users.
type shard struct {
	mu      sync.RWMutex // guards the maps
	buckets map[bucketKey]*bucket
	flights map[flightKey]*flight

	// hot has buckets that were used lately, for readers without the lock. A bucket
	// that left the map is void, so it does no harm that one may linger here.
	hot [slots]atomic.Pointer[bucket]
}

type bucketKey struct {
	user string
	rule *rule
}

// A bucket holds tokens that the service has counted as consumed by one user under
// one rule. Anyone may take tokens; they are added under the shard's lock.
type bucket struct {
	bucketKey
	used   atomic.Int64 // when it was last used or refilled, as of Client.now, to a millisecond
	max    atomic.Int64 // what it is filled up to
	_      [64]byte     // what is only read stays off the cache line of the tokens
	tokens atomic.Int64
}

// void is the tokens of a bucket that was dropped.
const void = math.MinInt64

// take removes n tokens, or none if there are not as many.
func (b *bucket) take(n int) (left int, ok bool) {
	for {
		have := b.tokens.Load()
		if have < int64(n) {
			return 0, false
		}
		if b.tokens.CompareAndSwap(have, have-int64(n)) {
			return int(have) - n, true
		}
	}
}

func (b *bucket) isExpired(now time.Duration) bool { return now-time.Duration(b.used.Load()) >= idle }

// status is for whoever holds the shard's lock and found the bucket in its map, where
// none is void.
func (b *bucket) status() BucketStatus {
	return BucketStatus{Remaining: int(b.tokens.Load()), Max: int(b.max.Load())}
}

// serve takes n tokens for a caller, unless the bucket is expired or has too few.
func (b *bucket) serve(n int, now time.Duration) (Decision, bool) {
	if b.isExpired(now) {
		return Decision{}, false
	}
	left, ok := b.take(n)
	if !ok {
		return Decision{}, false
	}
	if now-time.Duration(b.used.Load()) >= time.Millisecond {
		b.used.Store(int64(now))
	}
	return Decision{Allowed: true, Local: true, Bucket: BucketStatus{Remaining: left, Max: int(b.max.Load())}}, true
}

// place returns the shard of the user and the slot of the user's bucket for r.
func (c *Client) place(user string, r *rule) (*shard, *atomic.Pointer[bucket]) {
	h := maphash.String(c.seed, user)
	s := &c.shards[h%shards]
	if r == nil {
		return s, nil
	}
	return s, &s.hot[(h/shards^r.salt)%slots]
}

// take serves n tokens from the user's local bucket for r if that has them.
func (c *Client) take(user string, r *rule, n int) (Decision, bool) {
	s, slot := c.place(user, r)
	b := slot.Load()
	if b == nil || b.rule != r || b.user != user || b.tokens.Load() == void {
		s.mu.RLock()
		b = s.buckets[bucketKey{user, r}]
		s.mu.RUnlock()
		if b == nil {
			return Decision{}, false
		}
		slot.Store(b)
	}
	return b.serve(n, c.now())
}

// drop takes the bucket out of the shard and voids it. The caller holds the lock.
func (s *shard) drop(b *bucket) {
	b.tokens.Store(void)
	delete(s.buckets, b.bucketKey)
	for i := range s.hot {
		s.hot[i].CompareAndSwap(b, nil)
	}
}

// held returns what the user's bucket for r holds. The caller holds the
// shard's lock, to read at least.
func (c *Client) held(s *shard, key bucketKey) int {
	if b := s.buckets[key]; b != nil && !b.isExpired(c.now()) {
		return int(b.tokens.Load())
	}
	return 0
}

// fill adds n fetched tokens to the user's bucket for r, which is filled up to size
// but keeps all of them if they are more. The caller holds the shard's lock.
func (c *Client) fill(s *shard, key bucketKey, n, size int) *bucket {
	b, now := s.buckets[key], c.now()
	if b != nil && b.isExpired(now) {
		s.drop(b) // what it had left is not revived
		b = nil
	}
	if b == nil {
		b = &bucket{bucketKey: key}
		s.buckets[key] = b
		c.sweeper.arm(idle)
	}
	b.used.Store(int64(now))
	b.max.Store(max(int64(size), b.tokens.Add(int64(n))))
	return b
}

// evict removes expired buckets and returns after what time the next one expires, 0
// if none is left.
func (c *Client) evict() time.Duration {
	next := time.Duration(0)
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		now := c.now()
		for _, b := range s.buckets {
			left := idle - (now - time.Duration(b.used.Load()))
			switch {
			case left <= 0:
				s.drop(b)
			case next == 0 || left < next:
				next = left
			}
		}
		s.mu.Unlock()
	}
	return next
}

// Buckets returns the local buckets that are alive, by user and rule.
func (c *Client) Buckets() []Bucket {
	var list []Bucket
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.RLock()
		now := c.now()
		for _, b := range s.buckets {
			if !b.isExpired(now) {
				list = append(list, Bucket{
					User:         b.user,
					Rule:         b.rule.known.Load().Rule,
					BucketStatus: b.status(),
				})
			}
		}
		s.mu.RUnlock()
	}
	slices.SortFunc(list, func(a, b Bucket) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Rule.ID, b.Rule.ID), cmp.Compare(a.Rule.Matcher, b.Rule.Matcher))
	})
	return list
}

// Reset drops all local buckets and what is known of rules. The tokens in them stay
// consumed at the service.
func (c *Client) Reset() {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		for _, b := range s.buckets {
			s.drop(b)
		}
		s.mu.Unlock()
	}
	c.rules.reset()
}
