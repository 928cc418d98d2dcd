package transport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// A length that a host announces is not yet a reason to make room for it.
func TestCache_makes_no_room_for_what_is_too_long_to_be_kept(t *testing.T) {
	t.Parallel()
	tr := cachedOver(&wire{answer: func(s sent) (*http.Response, error) {
		a := taggedAnswer(s, "text")
		a.ContentLength = 1 << 50
		return a, nil
	}}, manager(t, "a"))
	if _, got := download(t, tr, userURL); got != "text" || tr.Cache.Stats().Kept != 0 {
		t.Errorf("%q, Stats() = %+v", got, tr.Cache.Stats())
	}
}

func TestCache_keeps_apart_what_was_accepted_in_another_encoding(t *testing.T) {
	t.Parallel()
	tr := cachedOver(&wire{answer: func(s sent) (*http.Response, error) {
		return taggedAnswer(s, "in "+s.Header.Get("Accept-Encoding")), nil
	}}, manager(t, "a"))
	for range 2 {
		for _, encoding := range []string{"br", "zstd"} {
			if _, got := download(t, tr, userURL, "Accept-Encoding", encoding); got != "in "+encoding {
				t.Errorf("%q for %s", got, encoding)
			}
		}
	}
	if s := tr.Cache.Stats(); s.Hits != 2 || s.Kept != 2 {
		t.Errorf("Stats() = %+v, want two answers, each kept", s)
	}
}

func TestCache_takes_no_validator_for_another(t *testing.T) {
	t.Parallel()
	const modified, date = "Sat, 26 Oct 2019 01:27:50 GMT", "Sun, 27 Oct 2019 01:27:50 GMT"
	for _, tt := range []struct {
		name, etag, url string
		token           tokens.Token
		kept            int64
	}{
		{"GitLab", "", "https://gitlab.com/api/v4/user", tokens.Token{Provider: tokens.GitLab}, 1},
		{"GitLab, beside an ETag that cannot be sent", "bare", "https://gitlab.com/api/v4/user", tokens.Token{Provider: tokens.GitLab}, 0},
		{"Enterprise Server", "", "https://git.example.com/api/v3/user", tokens.Token{Provider: tokens.GitHub, Host: "https://git.example.com"}, 0},
	} {
		w := &wire{answer: func(sent) (*http.Response, error) {
			return reply(200, "{}", "Last-Modified", modified, "Date", date, "ETag", tt.etag)(), nil
		}}
		tt.token.Secret = tokens.Static(canary.Token("validator"))
		tr := cachedOver(w, managerOf(t, tt.token))
		tr.Provider = tt.token.Provider
		for range 2 {
			download(t, tr, tt.url)
		}
		if s := tr.Cache.Stats(); min(s.Kept, 1) != tt.kept {
			t.Errorf("%s: Stats() = %+v, want it kept: %d", tt.name, s, tt.kept)
		}
		last := w.calls()[1].Header
		if _, there := last["If-None-Match"]; there || (last.Get("If-Modified-Since") != "") != (tt.kept == 1) {
			t.Errorf("%s: the second request has the validators %q and %q", tt.name, last["If-None-Match"], last["If-Modified-Since"])
		}
	}
}

// contextual is a Store that minds its context.
type contextual struct{ mapStore }

func (s *contextual) Set(ctx context.Context, key string, value []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.mapStore.Set(ctx, key, value)
}

func TestCache_keeps_an_answer_that_was_read_when_its_call_had_ended(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		tr := storedOver(tagged("text"), new(contextual), manager(t, "a"))
		resp, err := tr.RoundTrip(get(t).WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		synctest.Wait()
		if got := text(t, resp); got != "text" || tr.Cache.Stats().Kept != 1 {
			t.Errorf("%q, Stats() = %+v", got, tr.Cache.Stats())
		}
	})
}

func TestCache_keeps_nothing_of_what_was_closed_before_its_end(t *testing.T) {
	t.Parallel()
	tr := cachedOver(tagged("text"), manager(t, "a"))
	resp, err := tr.RoundTrip(get(t).WithContext(context.Background()))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = resp.Body.Read(make([]byte, 1))
	_ = resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // a body in memory reads on
	if s := tr.Cache.Stats(); s.Kept != 0 {
		t.Errorf("Stats() = %+v, want nothing kept", s)
	}
}

func TestCache_still_has_an_answer_that_has_changed_a_dozen_times(t *testing.T) {
	t.Parallel()
	changes := 0
	tr := cachedOver(&wire{answer: func(s sent) (*http.Response, error) {
		return taggedAnswer(s, strings.Repeat("x", changes)), nil
	}}, manager(t, "a"))
	for changes = range 12 {
		download(t, tr, userURL)
	}
	if resp, _ := download(t, tr, userURL); resp.Header.Get("X-From-Cache") != "1" {
		t.Errorf("the last is not kept: %+v", tr.Cache.Stats())
	}
}

// yielding is a Store at which others come in between.
type yielding struct{ mapStore }

func (s *yielding) Get(ctx context.Context, key string) ([]byte, error) {
	v, err := s.mapStore.Get(ctx, key)
	for range 100 {
		runtime.Gosched()
	}
	return v, err
}

func TestCache_loses_no_answer_of_tokens_that_are_told_one_at_once(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	m := manager(t, names...)
	for range 20 {
		tr := storedOver(tagged("text"), new(yielding), m)
		for round := range 2 {
			var wg sync.WaitGroup
			for _, info := range m.AllTokens("") {
				wg.Go(func() {
					r := get(t)
					send(t, tr, r.WithContext(transport.WithToken(context.Background(), info.ID)))
				})
			}
			wg.Wait()
			if s := tr.Cache.Stats(); s.Hits != int64(8*round) {
				t.Fatalf("round %d: Stats() = %+v, want a hit for each of 8 tokens in the second", round, s)
			}
		}
	}
}

func TestI9_Cache_nobody_joins_a_call_that_may_wait_longer_than_he(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		first, second time.Duration
		requests      int
	}{
		{time.Hour, time.Minute, 2},
		{time.Minute, time.Hour, 1},
		{time.Minute, time.Minute, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := unhurried(func(s sent) *http.Response { return taggedAnswer(s, "text") })
			one, cancel := context.WithTimeout(t.Context(), tt.first)
			defer cancel()
			two, cancelToo := context.WithTimeout(t.Context(), tt.second)
			defer cancelToo()
			got := crowd(t, cachedOver(w, manager(t, "a")), one, two)
			if len(w.calls()) != tt.requests || strings.Join(got, "") != "texttext" {
				t.Errorf("%v, then %v: %d requests for %q, want %d", tt.first, tt.second, len(w.calls()), got, tt.requests)
			}
		})
	}
}

func TestI3_Cache_a_request_that_outlives_its_first_caller_is_none_of_his(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := script(primary(403, time.Now().Add(time.Minute), "core"), ok())
		tr := cachedOver(w, manager(t, "a"))
		send(t, tr, get(t)) // so that what follows has to wait
		tr.MaxWait = 0
		ctx, leave := context.WithCancel(t.Context())
		mine := get(t).WithContext(ctx)
		mine.Header.Set("X-Way", "1")
		theirs := get(t)
		theirs.Header.Set("X-Way", "1")
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := tr.RoundTrip(mine); !errors.Is(err, context.Canceled) {
				t.Errorf("the first caller got %v", err)
			}
			mine.Header.Set("X-Way", "2")
			mine.URL.Path = "/other"
		})
		synctest.Wait()
		wg.Go(func() { send(t, tr, theirs.WithContext(t.Context())) })
		synctest.Wait()
		leave()
		wg.Wait()
		last := w.calls()[len(w.calls())-1]
		if last.URL != userURL || last.Header.Get("X-Way") != "1" {
			t.Errorf("sent %s with X-Way %q, want what was asked for", last.URL, last.Header.Get("X-Way"))
		}
	})
}

// once fails once, and then seems to be at its end.
type once struct{ failed bool }

func (o *once) Read([]byte) (int, error) {
	if o.failed {
		return 0, io.EOF
	}
	o.failed = true
	return 0, io.ErrUnexpectedEOF
}

func TestI15_Cache_a_body_that_broke_off_while_it_was_read_for_all_is_not_whole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := unhurried(func(s sent) *http.Response {
			a := taggedAnswer(s, "text")
			if s.Number == 1 {
				a.ContentLength, a.Body = -1, io.NopCloser(io.MultiReader(strings.NewReader("te"), new(once)))
			}
			return a
		})
		got := crowd(t, cachedOver(w, manager(t, "a")), contexts(2, t.Context())...)
		if want := "unexpected EOF|text"; strings.Join(got, "|") != want {
			t.Errorf("%q, want %s", got, want)
		}
	})
}

func TestCache_a_call_that_is_over_is_joined_by_nobody_whatever_else_is_under_way(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(s sent) (*http.Response, error) {
			pause := time.Hour
			if s.Header.Get("X-Way") == "quick" {
				pause = time.Second
			}
			time.Sleep(pause)
			return taggedAnswer(s, s.Header.Get("X-Way")), nil
		}}
		tr := cachedOver(w, manager(t, "a"))
		var wg sync.WaitGroup
		begin := func(way string) {
			wg.Go(func() { download(t, tr, userURL, "X-Way", way) })
			synctest.Wait()
		}
		for _, way := range []string{"slow", "quick", "quick", "slower"} {
			begin(way)
		}
		time.Sleep(time.Minute) // quick is over, between two that are not
		begin("quick")
		wg.Wait()
		if n := len(w.calls()); n != 4 {
			t.Errorf("%d requests, want 4: two quick ones, one after the other", n)
		}
	})
}
