package quota

import (
	"fmt"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestMatcher_compares_the_whole_name(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, name string
		want       fit
	}{
		{"send_email", "send_email", literal},
		{"send_email", "send_email_bulk", unfit},
		{"send_email", "resend_email", unfit},
		{"send_.*", "send_email", pattern},
		{"a|b", "ab", unfit},
		{"a|ab", "ab", pattern}, // not leftmost-first
		{"(?i)mail", "MAIL", pattern},
		{"^mail$", "mail", pattern},
		{"a\\", "a\\", literal},
		{"a)(b", "a)(b", literal},
		{"a)(b", "ab", unfit},
		{`\Qa.c`, "a.c", pattern},
		{`\Qa.c`, "abc", unfit},
		{"a.c", "a.c", literal},
		{"mail", "mail\n", unfit},
		{"m(?#x)", "m", unfit},
		{"", "", unfit},
	} {
		m := newMatcher(true, tt.text, "")
		if got := m.fits(Operation(tt.name)); got != tt.want {
			t.Errorf("%q on %q: %v, want %v", tt.text, tt.name, got, tt.want)
		}
		if m.fits(Path("GET", tt.name)) != unfit {
			t.Errorf("%q, for operations, fits a path", tt.text)
		}
		if p := newMatcher(false, tt.text, ""); p.fits(Operation(tt.name)) != unfit {
			t.Errorf("%q, for paths, fits an operation", tt.text)
		}
	}
}

func FuzzMatcher(f *testing.F) {
	f.Add("send_.*", "send_email")
	f.Add("a)(b", "ab")
	f.Add(`\Qx`, "x)")
	f.Add("(?s).", "\n")
	f.Fuzz(func(t *testing.T, text, name string) {
		m := newMatcher(false, text, "")
		got := m.fits(Path("GET", name))
		want := unfit
		re, err := regexp.Compile(text)
		switch {
		case name == "" || text == "":
		case name == text:
			want = literal
		case err == nil:
			re.Longest()
			if at := re.FindStringIndex(name); at != nil && at[0] == 0 && at[1] == len(name) {
				want = pattern
			}
		}
		if got != want {
			t.Errorf("%q on %q: %v, want %v", text, name, got, want)
		}
	})
}

func TestRuleBook_forgets_when_it_is_full(t *testing.T) {
	t.Parallel()
	var b ruleBook
	b.reset()
	for i := range maxLearned + 10 {
		b.learn(Operation(fmt.Sprint("o", i)), Rule{ID: "r"})
	}
	if n := len(b.page.Load().told); n > maxLearned || n < 10 {
		t.Errorf("%d targets are remembered", n)
	}
	if r, _ := b.find(Operation(fmt.Sprint("o", maxLearned+9))); r == nil {
		t.Error("the newest is forgotten")
	}
}

func TestEvict_leaves_no_bucket_and_no_slot(t *testing.T) {
	t.Parallel()
	c, err := New("key", "app")
	if err != nil {
		t.Fatal(err)
	}
	r := c.rules.learn(Operation("o"), Rule{ID: "r"})
	for i := range 1000 {
		user := fmt.Sprint("u", i)
		s, _ := c.place(user, nil)
		s.mu.Lock()
		c.fill(s, bucketKey{user, r}, 5, 5)
		s.mu.Unlock()
		c.take(user, r, 1)
	}
	c.born = c.born.Add(-idle) // as if that long had passed
	if next := c.evict(); next != 0 {
		t.Errorf("the next sweep is in %v, want none", next)
	}
	for i := range c.shards {
		s := &c.shards[i]
		if len(s.buckets) != 0 {
			t.Errorf("%d buckets are left", len(s.buckets))
		}
		for j := range s.hot {
			if s.hot[j].Load() != nil {
				t.Errorf("slot %d of shard %d holds a bucket", j, i)
			}
		}
	}
	c.Close()
}

// In two of LightRate's clients a refill by key revived the tokens of an expired bucket.
func TestFill_does_not_revive_an_expired_bucket_that_no_sweep_has_met(t *testing.T) {
	t.Parallel()
	c, err := New("key", "app")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := c.rules.learn(Operation("o"), Rule{ID: "r"})
	s, _ := c.place("u", nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	key := bucketKey{"u", r}
	c.fill(s, key, 7, 5)
	c.born = c.born.Add(-idle)
	if got := c.fill(s, key, 5, 5).status(); got != (BucketStatus{Remaining: 5, Max: 5}) {
		t.Errorf("%+v, want the new tokens alone", got)
	}
}

func TestSweep_takes_idle_buckets_out_of_the_memory_without_a_call(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := New("key", "app")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		key := bucketKey{"u", c.rules.learn(Operation("o"), Rule{ID: "r"})}
		s, _ := c.place("u", nil)
		left := func() int {
			s.mu.Lock()
			defer s.mu.Unlock()
			return len(s.buckets)
		}
		s.mu.Lock()
		c.fill(s, key, 5, 5)
		s.mu.Unlock()
		time.Sleep(idle / 2)
		if n := left(); n != 1 {
			t.Errorf("%d buckets after half the time, want 1", n)
		}
		time.Sleep(idle/2 + time.Second)
		if n := left(); n != 0 {
			t.Errorf("%d buckets after the time, want none", n)
		}
	})
}

// Many buckets share a slot. The one that was used last is in it, whose ever it is.
func TestTake_is_from_the_users_own_bucket_also_when_another_one_is_in_the_slot(t *testing.T) {
	t.Parallel()
	c, err := New("key", "app")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := c.rules.learn(Operation("o"), Rule{ID: "r"})
	const users = 5000 // for 1024 slots
	for i := range users {
		user := fmt.Sprint("u", i)
		s, _ := c.place(user, nil)
		s.mu.Lock()
		c.fill(s, bucketKey{user, r}, i+2, i+2)
		s.mu.Unlock()
	}
	for round := 1; round <= 2; round++ {
		for i := range users {
			if d, ok := c.take(fmt.Sprint("u", i), r, 1); !ok || d.Bucket.Remaining != i+2-round {
				t.Fatalf("u%d: %+v, %v, want %d left", i, d, ok, i+2-round)
			}
		}
	}
}

// Who found a bucket just before it was dropped has it still.
func TestDrop_leaves_nothing_for_whoever_holds_the_bucket(t *testing.T) {
	t.Parallel()
	c, err := New("key", "app")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, _ := c.place("u", nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := c.fill(s, bucketKey{"u", c.rules.learn(Operation("o"), Rule{ID: "r"})}, 5, 5)
	s.drop(b)
	if d, ok := b.serve(1, c.now()); ok {
		t.Errorf("a dropped bucket has served %+v", d)
	}
}

func TestTake_gives_each_token_to_one(t *testing.T) {
	t.Parallel()
	const tokens = 400_000
	b := &bucket{}
	b.tokens.Store(tokens)
	var taken atomic.Int64
	var takers sync.WaitGroup
	for range 8 {
		takers.Go(func() {
			n := int64(0)
			for {
				if _, ok := b.take(1); !ok {
					break
				}
				n++
			}
			taken.Add(n)
		})
	}
	takers.Wait()
	if n := taken.Load(); n != tokens {
		t.Errorf("%d tokens were taken, there were %d", n, tokens)
	}
}

func TestFill_begins_the_life_of_a_bucket_whenever_that_is(t *testing.T) {
	t.Parallel()
	c, err := New("key", "app")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.born = c.born.Add(-2 * idle) // a client that was made long ago
	r := c.rules.learn(Operation("o"), Rule{ID: "r"})
	s, _ := c.place("u", nil)
	s.mu.Lock()
	c.fill(s, bucketKey{"u", r}, 5, 5)
	s.mu.Unlock()
	if _, ok := c.take("u", r, 1); !ok {
		t.Error("a bucket that was just filled has nothing to give")
	}
}

func TestReset_forgets_the_rules(t *testing.T) {
	t.Parallel()
	c, err := New("key", "app")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.rules.learn(Operation("o"), Rule{ID: "r"})
	c.Reset()
	if r, isDefault := c.rules.find(Operation("o")); r != nil || isDefault {
		t.Errorf("after Reset() the rule is %v, %v", r, isDefault)
	}
}
