package transport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// broken is a body that takes its reader along.
type broken struct{ io.Closer }

func (broken) Read([]byte) (int, error) { panic("broken body") }

func TestCache_a_body_that_panics_leaves_nobody_waiting(t *testing.T) {
	t.Parallel()
	for name, ctx := range map[string]func(*testing.T) context.Context{
		"the first may leave": func(t *testing.T) context.Context { return t.Context() },
		"the first stays":     func(*testing.T) context.Context { return context.Background() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := unhurried(func(s sent) *http.Response {
					a := taggedAnswer(s, "text")
					if s.Number == 1 {
						a.Body = broken{a.Body}
					}
					return a
				})
				m := manager(t, "a")
				tr := cachedOver(w, m)
				var wg sync.WaitGroup
				wg.Go(func() {
					defer func() {
						if p := recover(); p != "broken body" {
							t.Errorf("recovered %v", p)
						}
					}()
					_, err := tr.RoundTrip(get(t).WithContext(ctx(t)))
					t.Errorf("RoundTrip() returned %v", err)
				})
				synctest.Wait()
				if got := crowd(t, tr, contexts(3, context.Background())...); strings.Join(got, "") != "texttexttext" {
					t.Errorf("the others got %q", got)
				}
				wg.Wait()
				if n := inFlight(m); n != 0 {
					t.Errorf("%d leases are out", n)
				}
			})
		})
	}
}

// Each waits for two failures at most, and then for his own.
func TestI9_Cache_the_last_of_many_does_not_wait_for_the_failures_of_all(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(s sent) (*http.Response, error) {
			time.Sleep(time.Second)
			return nil, errors.New("connection reset")
		}}
		tr := cachedOver(w, manager(t, "a"))
		start := time.Now()
		for i, got := range crowd(t, tr, contexts(20, t.Context())...) {
			if got != "connection reset" && !strings.Contains(got, "none of 1 tokens can serve") {
				t.Errorf("caller %d: %s", i, got)
			}
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("it took %v, want 3 s", took)
		}
	})
}

// Close is how a Read is ended that waits for more.
func TestCache_Close_ends_a_Read_that_waits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, host := io.Pipe()
		w := &wire{answer: func(s sent) (*http.Response, error) {
			a := taggedAnswer(s, "")
			a.ContentLength, a.Body = -1, r
			return a, nil
		}}
		tr := cachedOver(w, manager(t, "a"))
		resp, err := tr.RoundTrip(get(t))
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = host.Write([]byte(`{"a":1}`)) }()
		if _, err := io.ReadFull(resp.Body, make([]byte, 7)); err != nil {
			t.Fatal(err)
		}
		var read sync.WaitGroup
		read.Go(func() {
			if _, err := resp.Body.Read(make([]byte, 7)); err != io.ErrClosedPipe {
				t.Errorf("Read() returned %v", err)
			}
		})
		synctest.Wait()
		resp.Body.Close()
		read.Wait()
	})
}

// What is not said to be held is not found, and not kept.
func TestCache_counts_as_kept_what_can_be_found(t *testing.T) {
	t.Parallel()
	tr := storedOver(tagged("text"), listless{new(mapStore)}, manager(t, "a"))
	for range 2 {
		download(t, tr, userURL)
	}
	if s := tr.Cache.Stats(); s.Kept != 0 || s.Misses != 2 || s.Errors != 2 {
		t.Errorf("Stats() = %+v", s)
	}
}

// listless is a Store that takes no lists of who holds what.
type listless struct{ *mapStore }

func (s listless) Set(ctx context.Context, key string, value []byte) error {
	if value[0] == 'h' {
		return errors.New("no room")
	}
	return s.mapStore.Set(ctx, key, value)
}

// Whose answer it is is not known before it stands.
func TestHooks_tell_of_a_caller_that_leaves_while_the_answer_is_read(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(s sent) (*http.Response, error) {
			time.Sleep(time.Second)
			a := taggedAnswer(s, "text")
			a.Body = lingering{a.Body}
			return a, nil
		}}
		tr := cachedOver(w, manager(t, "a"))
		var e events
		tr.Hooks = e.hooks()
		leaves, leave := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second/2, leave)
		got := crowd(t, tr, t.Context(), leaves)
		if want := "text|context canceled"; strings.Join(got, "|") != want || e.line() != "attempt1:a done1:a:200 done0::0" {
			t.Errorf("%q, want %s; events %s", got, want, e.line())
		}
	})
}

// lingering is a body each of whose reads takes a second.
type lingering struct{ io.ReadCloser }

func (l lingering) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	return l.ReadCloser.Read(p)
}
