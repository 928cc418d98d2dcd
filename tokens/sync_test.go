package tokens_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

// dynamic is a source whose list tests change.
type dynamic struct {
	mu    sync.Mutex
	names []string
	extra []tokens.Token
	err   error
	asks  int
	takes time.Duration
}

func (d *dynamic) set(names ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.names, d.extra, d.err = names, nil, nil
}

func (d *dynamic) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

func (d *dynamic) Tokens(ctx context.Context) ([]tokens.Token, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asks++
	select {
	case <-time.After(d.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	ts := slices.Clone(d.extra)
	for _, n := range d.names {
		ts = append(ts, gitHub(n, ""))
	}
	return ts, d.err
}

// changes records what a Syncer reports.
type changes struct {
	mu     sync.Mutex
	log    []tokens.SyncChange
	errors []error
}

func (c *changes) config(interval time.Duration) tokens.SyncConfig {
	return tokens.SyncConfig{
		Interval: interval,
		OnChange: func(s tokens.SyncChange) { c.mu.Lock(); c.log = append(c.log, s); c.mu.Unlock() },
		OnError:  func(err error) { c.mu.Lock(); c.errors = append(c.errors, err); c.mu.Unlock() },
	}
}

func (c *changes) seen() ([]tokens.SyncChange, []error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log, c.errors
}

func (d *dynamic) slow(takes time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.takes = takes
}

func (d *dynamic) asked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asks
}

func synced(t testing.TB, m *tokens.Manager, src tokens.Source, c tokens.SyncConfig) *tokens.Syncer {
	t.Helper()
	s, err := m.Sync(t.Context(), src, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func wantLabels(t testing.TB, m *tokens.Manager, want ...string) {
	t.Helper()
	var got []string
	for _, info := range m.AllTokens("") {
		got = append(got, info.Label)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the manager has %q, want %q", got, want)
	}
}

func TestSync_adds_removes_and_restores_at_an_interval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("own", ""))
		src, seen := &dynamic{names: []string{"a", "b"}}, &changes{}
		s := synced(t, m, src, seen.config(0))
		wantLabels(t, m, "a", "b", "own")
		a, b := idOf(t, m, "a"), idOf(t, m, "b")
		for _, label := range []string{"own", "a", "b"} {
			if l := tell(t, h, "core", left(5000, 1234, time.Hour)); l.Label() != label {
				t.Fatalf("%s served, want %s", l, label)
			}
		}
		src.set("b", "c")
		time.Sleep(59 * time.Second)
		wantLabels(t, m, "a", "b", "own")
		time.Sleep(2 * time.Second)
		wantLabels(t, m, "b", "c", "own")
		c := idOf(t, m, "c")
		src.set("a", "b")
		time.Sleep(time.Minute)
		wantLabels(t, m, "a", "b", "own")
		if got := status(t, m, "a").Remaining.Or(-1); got != 1234 {
			t.Errorf("the token that came back has %d left, want 1234", got)
		}
		time.Sleep(10 * time.Minute)
		src.set()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		wantLabels(t, m, "a", "b", "own")
		want := []tokens.SyncChange{
			{Added: []tokens.ID{a, b}},
			{Added: []tokens.ID{c}, Removed: []tokens.ID{a}},
			{Removed: []tokens.ID{c}, Restored: []tokens.ID{a}},
		}
		log, errs := seen.seen()
		if got := fmt.Sprint(log); got != fmt.Sprint(want) {
			t.Errorf("changes are %v, want %v", got, want)
		}
		if src.asked() != 13 || len(errs) > 0 || s.Err() != nil {
			t.Errorf("it was asked %d times, with %d errors, the last %v", src.asked(), len(errs), s.Err())
		}
		archive := m.Archived()
		if len(archive) != 1 || archive[0].Label != "c" || archive[0].Reason != "its source no longer lists it" || archive[0].Time.IsZero() {
			t.Errorf("the archive is %v", archive)
		}
		if holdsSecret(fmt.Sprintf("%+v %#v", archive, archive)) {
			t.Error("the archive holds a secret")
		}
	})
}

func TestSync_an_empty_or_failed_list_drains_nothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _ := gitHubHost(t)
		src, seen := &dynamic{names: []string{"a", "b"}}, &changes{}
		s := synced(t, m, src, seen.config(time.Second))
		down := errors.New("vault is sealed")
		for i, tt := range []struct {
			change func()
			want   string
			is     error
		}{
			{func() { src.set() }, "the list is empty, its 2 tokens stay: set AllowEmpty", nil},
			{func() { src.fail(down) }, "gitfleet: sync: vault is sealed", down},
			{func() { src.fail(fmt.Errorf("file: %w", tokens.ErrNoTokens)) }, "no tokens", tokens.ErrNoTokens},
		} {
			tt.change()
			time.Sleep(time.Second + time.Millisecond)
			wantLabels(t, m, "a", "b")
			if err := s.Err(); err == nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("Err() = %v, want %q", err, tt.want)
			}
			if _, errs := seen.seen(); len(errs) != i+1 {
				t.Errorf("%d errors were reported, want %d", len(errs), i+1)
			}
		}
		src.set("b")
		time.Sleep(time.Second)
		wantLabels(t, m, "b")
		if s.Err() != nil {
			t.Errorf("Err() = %v after a good list", s.Err())
		}
	})
}

func TestSync_AllowEmpty_drains(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, tokens.ErrNoTokens} {
		m, _ := gitHubHost(t, gitHub("own", ""))
		src := &dynamic{names: []string{"a"}}
		s := synced(t, m, src, tokens.SyncConfig{Interval: -1, AllowEmpty: true})
		src.set()
		src.fail(err)
		if err := s.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		wantLabels(t, m, "own")
	}
}

func TestI1_Sync_a_malformed_token_is_named_and_removes_nothing(t *testing.T) {
	t.Parallel()
	m, _ := gitHubHost(t)
	src := &dynamic{names: []string{"a", "b"}}
	s := synced(t, m, src, tokens.SyncConfig{Interval: -1})
	src.set("b", "c")
	src.extra = []tokens.Token{{Provider: tokens.GitHub, Label: "bad", Secret: tokens.Static(canary.Token("x") + " y")}}
	err := s.Refresh(t.Context())
	if err == nil || !strings.Contains(err.Error(), `token "bad": secret has a space`) || !strings.Contains(err.Error(), "(token 1 of 3 in the list)") {
		t.Errorf("error is %v", err)
	}
	if holdsSecret(fmt.Sprint(err)) {
		t.Error("the error holds the secret")
	}
	wantLabels(t, m, "a", "b", "c")
}

func TestSync_leaves_alone_what_people_did_by_hand(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("own", ""))
	src := &dynamic{names: []string{"own", "a", "b"}}
	s := synced(t, m, src, tokens.SyncConfig{Interval: -1})
	a := idOf(t, m, "a")
	if !m.Remove(a, "on holiday") || m.Remove(a, "again") {
		t.Error("Remove() does not report what it did")
	}
	refresh := func() {
		t.Helper()
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	refresh()
	wantLabels(t, m, "b", "own") // it stays removed
	if err := m.Disable(idOf(t, m, "b"), "by hand"); err != nil {
		t.Fatal(err)
	}
	src.set("c")
	refresh()
	wantLabels(t, m, "c", "own") // what the source did not bring stays
	src.set("b", "c")
	refresh()
	if got := status(t, m, "b").State; got != tokens.Disabled {
		t.Errorf("the token that came back is %v, want disabled as it was", got)
	}
	if err := m.Add(gitHub("a", "")); err != nil {
		t.Fatal(err)
	}
	wantLabels(t, m, "a", "b", "c", "own") // by hand it does come back
	if n := len(leaseAll(t, h, on("core"))); n != 15 {
		t.Errorf("%d leases, want 5 of each of three tokens", n)
	}
}

// Predecessors built a client for each key at each refresh.
func TestSync_touches_nothing_that_stays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t)
		minted := &mint{name: "app", life: time.Hour}
		src := sourceFunc(func(context.Context) ([]tokens.Token, error) {
			return []tokens.Token{minted.token(), gitHub("a", "")}, nil
		})
		s := synced(t, m, src, tokens.SyncConfig{Interval: -1})
		out := lease(t, h, on("core"))
		for range 5 {
			if err := s.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			lease(t, h, on("core")).Settle(served())
		}
		out.Settle(served())
		wantAsked(t, minted, 1)
		wantInFlight(t, m, 0)
	})
}

type sourceFunc func(context.Context) ([]tokens.Token, error)

func (f sourceFunc) Tokens(ctx context.Context) ([]tokens.Token, error) { return f(ctx) }

func TestSync_a_refreshing_token_that_returns_gets_another_chance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t)
		list := []tokens.Token{(&mint{name: "app"}).token()}
		src := sourceFunc(func(context.Context) ([]tokens.Token, error) { return list, nil })
		s := synced(t, m, src, tokens.SyncConfig{Interval: -1, AllowEmpty: true})
		if err := m.MarkInvalid(idOf(t, m, "app"), "revoked"); err != nil {
			t.Fatal(err)
		}
		for _, list = range [][]tokens.Token{nil, {(&mint{name: "app"}).token()}} {
			if err := s.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		tell(t, h, "core", served())
	})
}

func TestI16_Sync_ends_with_Close_and_names_a_source_that_does_not(t *testing.T) {
	t.Parallel()
	for _, closeManager := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			m, _ := gitHubHost(t)
			src := &dynamic{names: []string{"a"}}
			seen := &changes{}
			s := synced(t, m, src, seen.config(time.Second))
			src.slow(time.Hour)
			time.Sleep(1500 * time.Millisecond)
			closing, want := s.Close, "gitfleet: sync is closed"
			if closeManager {
				closing, want = m.Close, tokens.ErrClosed.Error()
			}
			start := time.Now()
			if err := closing(); err != nil || time.Since(start) != 0 {
				t.Errorf("Close() = %v after %v", err, time.Since(start))
			}
			if err := s.Refresh(t.Context()); err == nil || err.Error() != want {
				t.Errorf("Refresh() = %v after Close, want %q", err, want)
			}
			if _, errs := seen.seen(); len(errs) > 0 {
				t.Errorf("Close was reported as %v", errs)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		m, _ := gitHubHost(t)
		stuck, first := make(chan struct{}), true
		s := synced(t, m, sourceFunc(func(context.Context) ([]tokens.Token, error) {
			if !first {
				<-stuck
			}
			first = false
			return []tokens.Token{gitHub("a", "")}, nil
		}), tokens.SyncConfig{Interval: time.Second})
		time.Sleep(1500 * time.Millisecond)
		for _, closing := range []func() error{s.Close, m.Close} {
			start := time.Now()
			err := closing()
			if err == nil || !strings.Contains(err.Error(), "sync of tokens_test.sourceFunc") || time.Since(start) != 5*time.Second {
				t.Errorf("Close() = %v after %v, want the source named after 5s", err, time.Since(start))
			}
		}
		close(stuck)
	})
}

func TestI9_Sync_Refresh_leaves_when_its_context_ends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _ := gitHubHost(t)
		src := &dynamic{names: []string{"a"}}
		s := synced(t, m, src, tokens.SyncConfig{Interval: -1})
		src.slow(10 * time.Second)
		go func() { _ = s.Refresh(t.Context()) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := s.Refresh(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("Refresh() = %v after %v", err, time.Since(start))
		}
		time.Sleep(time.Minute)
	})
}

func TestSync_that_cannot_begin(t *testing.T) {
	t.Parallel()
	m, _ := gitHubHost(t)
	if _, err := m.Sync(t.Context(), nil, tokens.SyncConfig{}); err == nil {
		t.Error("a nil source was taken")
	}
	src := &dynamic{err: errors.New("down")}
	if _, err := m.Sync(t.Context(), src, tokens.SyncConfig{}); err == nil || err.Error() != "gitfleet: sync: down" {
		t.Errorf("Sync() = %v", err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if _, err := m.Sync(t.Context(), &dynamic{}, tokens.SyncConfig{}); !errors.Is(err, tokens.ErrClosed) {
		t.Errorf("Sync() = %v after Close", err)
	}
}

func TestI7_I9_Remove_sends_waiters_away_and_lets_leases_end(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a", ""), gitHub("b", ""))
		out := lease(t, h, on("core"))
		tell(t, h, "core", spent(5000, time.Hour)) // b
		var err error
		done := make(chan struct{})
		id := idOf(t, m, "b")
		m.Remove(out.ID(), "retired")
		go func() {
			defer close(done)
			_, err = h.Lease(t.Context(), waiting("core"))
		}()
		synctest.Wait()
		start := time.Now()
		m.Remove(id, "retired too")
		<-done
		if took := time.Since(start); took != 0 {
			t.Errorf("the waiter heard of it after %v", took)
		}
		var e *tokens.ExhaustedError
		if !errors.As(err, &e) || e.Tokens != 0 || !e.ReadyAt.IsZero() {
			t.Errorf("the waiter got %v, want to hear that there is no token", err)
		}
		header := http.Header{}
		out.Authorize(header)
		if header.Get("Authorization") == "" {
			t.Error("the lease of a removed token writes nothing")
		}
		out.Settle(left(5000, 77, time.Hour))
		if err := m.Add(gitHub("a", "")); err != nil {
			t.Fatal(err)
		}
		s := status(t, m, "a")
		if s.Remaining.Or(-1) != 77 || s.InFlight != 0 || s.LastUsed.IsZero() {
			t.Errorf("the token came back with %d left, %d in flight, last used %v", s.Remaining.Or(-1), s.InFlight, s.LastUsed)
		}
		if got := m.Archived(); len(got) != 1 || got[0].Reason != "retired too" {
			t.Errorf("the archive is %v", got)
		}
		if !m.Holds(http.Header{"Authorization": {"Bearer " + canary.Token("b")}}) {
			t.Error("the secret of a removed token is not known any more")
		}
	})
}

func TestRemove_a_dead_token_that_comes_back_is_still_dead(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", ""))
	id := idOf(t, m, "a")
	if err := m.MarkInvalid(id, "revoked"); err != nil {
		t.Fatal(err)
	}
	m.Remove(id, "")
	if err := m.Add(gitHub("a", "")); err != nil {
		t.Fatal(err)
	}
	if s := status(t, m, "a"); s.State != tokens.Invalid || s.Reason != "revoked" {
		t.Errorf("the token is %v", s)
	}
	exhausted(t, h, on("core"))
}

func TestI16_Sync_Close_ends_a_Refresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _ := gitHubHost(t)
		src := &dynamic{names: []string{"a"}}
		s := synced(t, m, src, tokens.SyncConfig{Interval: -1})
		src.slow(time.Hour)
		var err error
		done := make(chan struct{})
		go func() {
			defer close(done)
			err = s.Refresh(t.Context())
		}()
		synctest.Wait()
		start := time.Now()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		<-done
		if err == nil || err.Error() != "gitfleet: sync is closed" || time.Since(start) != 0 {
			t.Errorf("Refresh() = %v after %v", err, time.Since(start))
		}
	})
}

func TestRemove_of_one_token_leaves_its_account_to_the_other(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", "octocat"), gitHub("b", "octocat"))
	tell(t, h, "core", left(5000, 3, time.Hour))
	m.Remove(idOf(t, m, "a"), "")
	if got := len(leaseAll(t, h, on("core"))); got != 3 {
		t.Errorf("%d leases, want the 3 that the account has left", got)
	}
}

// The archive does not grow for ever, nor do the lanes.
func TestRemove_remembers_the_last_thousand(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("stays", ""))
	for i := range 1100 {
		if err := m.Add(gitHub(fmt.Sprintf("t%04d", i), "")); err != nil {
			t.Fatal(err)
		}
		lease(t, h, on("core")).Settle(left(5000, 4000, time.Hour))
		m.Remove(idOf(t, m, fmt.Sprintf("t%04d", i)), "")
	}
	archive := m.Archived()
	if len(archive) != 1000 || archive[0].Label != "t0100" || archive[999].Label != "t1099" {
		t.Errorf("the archive has %d tokens from %s on", len(archive), archive[0].Label)
	}
	if got := h.Limit("core") / 5000; got != 1001 {
		t.Errorf("the limits of %d accounts are known, want those of the archive and of the one that stays", got)
	}
	if err := m.Add(gitHub("t0001", ""), gitHub("t1000", "")); err != nil {
		t.Fatal(err)
	}
	if status(t, m, "t0001").Remaining.IsKnown() || !status(t, m, "t1000").Remaining.IsKnown() {
		t.Error("limits survived that should not, or the other way round")
	}
}
