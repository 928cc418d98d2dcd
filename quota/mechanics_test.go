package quota

import (
	"fmt"
	"regexp"
	"testing"
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
