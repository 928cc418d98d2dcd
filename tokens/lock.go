package tokens

import "sync"

const (
	// lockTries is how often a lock that is held is tried before its caller is
	// put to sleep. They take two microseconds, ten times as long as a host holds
	// its lock for one call, and about as long as to sleep and be woken.
	lockTries = 100

	// lockPause is how many steps are counted between two tries, so that the
	// tries do not take the memory away from the holder.
	lockPause = 30
)

// lock is a [sync.Mutex] that tries a little longer before it sleeps. The
// mutex does so by itself only while no other goroutine waits for a processor.
// With many callers there always is one, so that each sleeps at once, and the
// lock goes from sleeper to sleeper at a fraction of its speed. Whoever has slept
// for a millisecond still comes first: then no try succeeds.
//
// The zero lock is open. It must not be copied after its first use.
type lock struct{ mutex sync.Mutex }

// Lock takes the lock, as soon as nobody holds it.
func (l *lock) Lock() {
	if !l.mutex.TryLock() {
		l.lockHeld()
	}
}

// lockHeld takes a lock that somebody holds.
func (l *lock) lockHeld() {
	for range lockTries {
		for range lockPause {
		}
		if l.mutex.TryLock() {
			return
		}
	}
	l.mutex.Lock()
}

// Unlock opens the lock.
func (l *lock) Unlock() { l.mutex.Unlock() }
