package usage_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/usage"
)

func TestStore_counts_by_window_key_outcome_resource_and_route(t *testing.T) {
	t.Parallel()
	search := used("b", 2*time.Minute)
	search.Resource, search.Route, search.Host, search.Account = "search", "GET /search/issues", "ghe.example.com", "hubot"
	gitlab := used("c", 3*time.Minute)
	gitlab.Provider = tokens.GitLab
	tests := []struct {
		name string
		q    usage.Query
		want int64
	}{
		{"all", usage.Query{}, 6},
		{"from", usage.Query{From: noon.Add(time.Minute)}, 4},
		{"to, which is not in it", usage.Query{To: noon.Add(2 * time.Minute)}, 4},
		{"from and to", usage.Query{From: noon.Add(time.Minute), To: noon.Add(3 * time.Minute)}, 3},
		{"a microsecond later", usage.Query{From: noon.Add(3*time.Minute + time.Microsecond)}, 0},
		{"less than a microsecond later", usage.Query{From: noon.Add(3*time.Minute + time.Nanosecond)}, 0},
		{"to, less than a microsecond later", usage.Query{To: noon.Add(3*time.Minute + time.Nanosecond)}, 6},
		{"one key", usage.Query{Tokens: []tokens.ID{"a"}}, 4},
		{"two keys", usage.Query{Tokens: []tokens.ID{"a", "c"}}, 5},
		{"key and outcome", usage.Query{Tokens: []tokens.ID{"a"}, Outcomes: []usage.Outcome{usage.ReachLimit}}, 1},
		{"outcome", usage.Query{Outcomes: []usage.Outcome{usage.Failed, usage.ReachLimit}}, 2},
		{"cause", usage.Query{Causes: []usage.Cause{usage.CauseNotFound}}, 1},
		{"resource", usage.Query{Resources: []string{"search"}}, 1},
		{"route", usage.Query{Routes: []string{"GET /users/{}"}}, 5},
		{"host", usage.Query{Hosts: []string{"ghe.example.com"}}, 1},
		{"account", usage.Query{Accounts: []string{"hubot"}}, 1},
		{"label", usage.Query{Labels: []string{"label-b"}}, 1},
		{"provider", usage.Query{Providers: []tokens.ProviderType{tokens.GitLab}}, 1},
		{"an unknown key", usage.Query{Tokens: []tokens.ID{"nobody"}}, 0},
		{"no key at all", usage.Query{Tokens: []tokens.ID{}}, 0},
		{"a key in other letters", usage.Query{Tokens: []tokens.ID{"A"}}, 0},
		{"a key that is a piece of SQL", usage.Query{Tokens: []tokens.ID{"a' OR '1'='1"}}, 0},
	}
	onEachStore(t, func(t *testing.T, s usage.Store) {
		keep(t, s,
			used("a", 0), ended(used("a", 0), usage.Failed, usage.CauseNotFound),
			used("a", time.Minute), ended(used("a", time.Minute), usage.ReachLimit, usage.CausePrimaryLimit),
			search, gitlab)
		for _, tt := range tests {
			if got := total(t, s, tt.q).Count; got != tt.want {
				t.Errorf("%s: %d events, want %d", tt.name, got, tt.want)
			}
			if events, _, err := s.Events(t.Context(), tt.q, "", 100); err != nil || int64(len(events)) != tt.want {
				t.Errorf("%s: the log has %d events and error %v, want %d", tt.name, len(events), err, tt.want)
			}
		}
	})
}

func TestStore_keeps_two_events_of_one_key_at_the_same_instant(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, s usage.Store) {
		keep(t, s, used("a", 0), used("a", 0))
		keep(t, s, used("a", 0))
		events, _, err := s.Events(t.Context(), usage.Query{}, "", 10)
		if err != nil || len(events) != 3 {
			t.Fatalf("Events() = %d events, %v, want 3", len(events), err)
		}
		if events[0].ID == events[1].ID || events[1].ID == events[2].ID {
			t.Errorf("two events have one ID: %d, %d, %d", events[0].ID, events[1].ID, events[2].ID)
		}
	})
}

func TestStore_gives_an_event_back_as_it_was_in_UTC_and_microseconds(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("CEST", 2*3600)
	full := ended(used("a", 0), usage.Failed, usage.CauseServer)
	full.At, full.Status, full.Latency, full.Bytes = noon.Add(1234567).In(berlin), 502, 1500*time.Microsecond, 0
	bare := usage.Event{At: noon.Add(-time.Hour), Outcome: usage.Success, Latency: -5, Bytes: -7}
	zero := usage.Event{At: noon.Add(-2 * time.Hour)}
	onEachStore(t, func(t *testing.T, s usage.Store) {
		keep(t, s, full, bare, zero)
		got, _, err := s.Events(t.Context(), usage.Query{}, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		want := []usage.Event{full, bare, zero}
		want[0].At = noon.Add(1234 * time.Microsecond)
		want[1].Latency, want[1].Bytes = -1, -1
		want[2].Outcome = usage.Failed
		for i := range got {
			got[i].ID = 0
		}
		if !slices.Equal(got, want) {
			t.Errorf("Events() =\n%+v\nwant\n%+v", got, want)
		}
	})
}

func TestStore_takes_texts_that_databases_refuse(t *testing.T) {
	t.Parallel()
	odd := used("a", 0)
	odd.Label = "zero\x00byte \xff broken"
	odd.Route = strings.Repeat("ö", 400)
	odd.Account = "日本語 🚀 '\"; DROP TABLE usage_event; --"
	onEachStore(t, func(t *testing.T, s usage.Store) {
		keep(t, s, odd)
		events, _, err := s.Events(t.Context(), usage.Query{}, "", 10)
		if err != nil || len(events) != 1 {
			t.Fatalf("Events() = %d events, %v, want 1", len(events), err)
		}
		e := events[0]
		if e.Label != "zero\uFFFDbyte \uFFFD broken" || e.Route != strings.Repeat("ö", 127) || e.Account != odd.Account {
			t.Errorf("kept label %q, route of %d bytes, account %q", e.Label, len(e.Route), e.Account)
		}
	})
}

func TestStore_groups_by_each_dimension_and_the_filter_holds(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, s usage.Store) {
		keep(t, s,
			used("b", 0), used("b", 59*time.Minute), used("a", 61*time.Minute), used("c", 13*time.Hour),
			ended(used("a", 61*time.Minute), usage.ReachLimit, usage.CauseSecondaryLimit),
			ended(used("B", 61*time.Minute), usage.Failed, usage.CauseNetwork))
		failed := usage.Query{Outcomes: []usage.Outcome{usage.Failed}}
		for _, tt := range []struct {
			q    usage.Query
			by   []usage.Dimension
			want string
		}{
			{usage.Query{}, nil, ":6"},
			{usage.Query{}, []usage.Dimension{usage.ByToken}, "B:1 a:2 b:2 c:1"},
			{usage.Query{}, []usage.Dimension{usage.ByOutcome}, "success:4 failed:1 reach_limit:1"},
			{usage.Query{}, []usage.Dimension{usage.ByCause}, "none:4 secondary_limit:1 network:1"},
			{usage.Query{}, []usage.Dimension{usage.ByHour}, "2026-03-29T12:00:00Z:2 2026-03-29T13:00:00Z:3 2026-03-30T01:00:00Z:1"},
			{usage.Query{}, []usage.Dimension{usage.ByDay}, "2026-03-29T00:00:00Z:5 2026-03-30T00:00:00Z:1"},
			{usage.Query{}, []usage.Dimension{usage.ByToken, usage.ByOutcome}, "B/failed:1 a/success:1 a/reach_limit:1 b/success:2 c/success:1"},
			{usage.Query{}, []usage.Dimension{usage.ByProvider, usage.ByHost, usage.ByAccount}, "github/api.github.com/octocat:6"},
			{usage.Query{}, []usage.Dimension{usage.ByResource, usage.ByRoute}, "core/GET /users/{}:6"},
			{usage.Query{}, []usage.Dimension{usage.ByLabel}, "label-B:1 label-a:2 label-b:2 label-c:1"},
			{failed, []usage.Dimension{usage.ByToken}, "B:1"},
			{failed, []usage.Dimension{usage.ByHour}, "2026-03-29T13:00:00Z:1"},
			{usage.Query{Tokens: []tokens.ID{"nobody"}}, []usage.Dimension{usage.ByToken}, ""},
		} {
			if got := counted(t, s, tt.q, tt.by...); got != tt.want {
				t.Errorf("%v by %v = %q, want %q", tt.q, tt.by, got, tt.want)
			}
		}
		if _, err := s.Groups(t.Context(), usage.Query{}, usage.ByHour, usage.ByDay); err == nil {
			t.Error("grouping by hour and by day at once is no error")
		}
		if _, err := s.Groups(t.Context(), usage.Query{}, usage.Dimension(99)); err == nil {
			t.Error("grouping by something unknown is no error")
		}
	})
}

func TestTimeline_has_a_bucket_for_every_interval_also_for_empty_ones(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, s usage.Store) {
		keep(t, s, used("a", 10*time.Second), used("a", 3*time.Minute), used("a", 3*time.Minute+59*time.Second), used("a", 26*time.Hour))
		for _, tt := range []struct {
			name string
			q    usage.Query
			step usage.Dimension
			want string
		}{
			{"minutes", usage.Query{From: noon.Add(30 * time.Second), To: noon.Add(4*time.Minute + 1)}, usage.ByMinute, "0 0 0 2 0"},
			{"whole minutes", usage.Query{From: noon, To: noon.Add(4 * time.Minute)}, usage.ByMinute, "1 0 0 2"},
			{"hours", usage.Query{From: noon.Add(-2 * time.Hour), To: noon.Add(2 * time.Hour)}, usage.ByHour, "0 0 3 0"},
			{"days", usage.Query{From: noon.AddDate(0, 0, -1), To: noon.AddDate(0, 0, 2)}, usage.ByDay, "0 3 1 0"},
			{"from the first on", usage.Query{To: noon.Add(27 * time.Hour)}, usage.ByDay, "3 1"},
			{"of nobody", usage.Query{From: noon, To: noon.Add(time.Hour * 3), Tokens: []tokens.ID{"nobody"}}, usage.ByHour, "0 0 0"},
			{"of nobody, without a beginning", usage.Query{Tokens: []tokens.ID{"nobody"}}, usage.ByHour, ""},
		} {
			line, err := usage.Timeline(t.Context(), s, tt.q, tt.step)
			if err != nil {
				t.Fatal(err)
			}
			var counts []string
			for i, g := range line {
				counts = append(counts, fmt.Sprint(g.Count))
				if i > 0 && !line[i-1].Start.Before(g.Start) {
					t.Errorf("%s: bucket %d does not begin after the one before", tt.name, i)
				}
			}
			if got := strings.Join(counts, " "); got != tt.want {
				t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
			}
		}
		if _, err := usage.Timeline(t.Context(), s, usage.Query{From: noon}, usage.ByToken); err == nil {
			t.Error("a timeline by token is no error")
		}
		if _, err := usage.Timeline(t.Context(), s, usage.Query{From: noon.AddDate(-1, 0, 0), To: noon}, usage.ByMinute); err == nil {
			t.Error("a timeline of half a million minutes is no error")
		}
	})
}

func TestSummary_has_success_rate_bytes_and_latencies(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, s usage.Store) {
		var events []usage.Event
		for i := range 100 {
			e := used("a", 0)
			e.Latency = time.Duration(i+1) * time.Millisecond
			events = append(events, e)
		}
		for i := range 20 {
			events[i].Outcome = usage.Failed
			events[i+20].Outcome = usage.ReachLimit
		}
		unmeasured := used("a", 0)
		unmeasured.Latency, unmeasured.Bytes = -1, -1
		keep(t, s, append(events, unmeasured)...)
		got := total(t, s, usage.Query{})
		if got.Count != 101 || got.Succeeded != 61 || got.Failed != 20 || got.Limited != 20 || got.Bytes != 10_000 {
			t.Errorf("total: %d events, %d + %d + %d, %d bytes", got.Count, got.Succeeded, got.Failed, got.Limited, got.Bytes)
		}
		if rate, ok := got.SuccessRate(); !ok || rate != 61.0/101 {
			t.Errorf("SuccessRate() = %v, %v, want 61/101", rate, ok)
		}
		if mean, ok := got.MeanLatency(); !ok || mean != 50500*time.Microsecond {
			t.Errorf("MeanLatency() = %v, %v, want 50.5ms", mean, ok)
		}
		for p, want := range map[float64]time.Duration{0: 1, 50: 50, 95: 95, 99: 99, 100: 100} {
			want *= time.Millisecond
			d, ok := got.Percentile(p)
			if off := (d - want).Abs(); !ok || float64(off) > 0.032*float64(want) {
				t.Errorf("Percentile(%v) = %v, %v, want %v within 3.2 %%", p, d, ok, want)
			}
		}
		none := total(t, s, usage.Query{Tokens: []tokens.ID{"nobody"}})
		_, rated := none.SuccessRate()
		_, measured := none.Percentile(50)
		_, mean := none.MeanLatency()
		if none.Count != 0 || rated || measured || mean {
			t.Errorf("nothing has count %d, a rate: %v, a percentile: %v, a mean: %v", none.Count, rated, measured, mean)
		}
	})
}

func TestEvents_pages_without_gap_or_double_while_others_come(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, s usage.Store) {
		for i := range 25 {
			keep(t, s, used("a", time.Duration(i/5)*time.Second)) // five at each instant
		}
		seen := map[int64]bool{}
		var cursor usage.Cursor
		for n := range 7 {
			events, next, err := s.Events(t.Context(), usage.Query{}, cursor, 5)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if seen[e.ID] {
					t.Errorf("page %d repeats event %d", n, e.ID)
				}
				seen[e.ID] = true
			}
			if cursor = next; cursor == "" {
				break
			}
			keep(t, s, used("late", time.Hour))
		}
		if len(seen) != 25 || cursor != "" {
			t.Errorf("the pages have %d events, then cursor %q, want 25 and none", len(seen), cursor)
		}
		for _, limit := range []int{0, -1, usage.MaxPage + 1} {
			if _, _, err := s.Events(t.Context(), usage.Query{}, "", limit); err == nil {
				t.Errorf("a page of %d is no error", limit)
			}
		}
		if _, _, err := s.Events(t.Context(), usage.Query{}, "1.!", 5); err == nil {
			t.Error("a cursor that is none is no error")
		}
	})
}

func TestCompact_rolls_up_and_forgets_and_counts_stay(t *testing.T) {
	t.Parallel()
	now := noon.Add(30 * 24 * time.Hour)
	r := usage.Retention{Events: 24 * time.Hour, Minutes: 10 * 24 * time.Hour}
	ago := func(d time.Duration) usage.Event { return used("a", now.Add(-d).Sub(noon)) }
	onEachDatabase(t, func(t *testing.T, db *sql.DB, d usage.Dialect) {
		s := openStore(t, db, d)
		old := ended(ago(11*24*time.Hour), usage.Failed, usage.CauseServer)
		var rolled []usage.Event
		for i := range 50 {
			rolled = append(rolled, ago(2*24*time.Hour+time.Duration(i)*7*time.Second))
		}
		limited := ended(ago(2*24*time.Hour), usage.ReachLimit, usage.CausePrimaryLimit)
		limited.Latency, limited.Bytes = -1, -1
		keep(t, s, append(rolled, old, limited, ago(time.Hour))...)
		keptFrom := usage.Query{From: now.Add(-10 * 24 * time.Hour)}
		before := total(t, s, keptFrom)
		byMinute := counted(t, s, keptFrom, usage.ByMinute)
		for range 2 { // the second changes nothing
			if err := s.Compact(t.Context(), r, now); err != nil {
				t.Fatal(err)
			}
		}
		if got := total(t, s, usage.Query{}); fmt.Sprint(got) != fmt.Sprint(before) {
			t.Errorf("after Compact() the total is %+v, before it was %+v", got, before)
		}
		if got := counted(t, s, usage.Query{}, usage.ByMinute); got != byMinute {
			t.Errorf("after Compact() by minute:\n%s\nbefore:\n%s", got, byMinute)
		}
		if events, _, err := s.Events(t.Context(), usage.Query{}, "", 10); err != nil || len(events) != 1 {
			t.Errorf("the log has %d events, %v, want the one of the last day", len(events), err)
		}
		late := ago(2 * 24 * time.Hour) // arrives after its minute was rolled up
		keep(t, s, late)
		if err := s.Compact(t.Context(), r, now); err != nil {
			t.Fatal(err)
		}
		if got, want := total(t, s, usage.Query{}).Count, before.Count+1; got != want {
			t.Errorf("with one that came late: %d events, want %d", got, want)
		}
	})
}

func TestCompact_of_for_ever_forgets_nothing(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, s usage.Store) {
		keep(t, s, used("a", 0), used("b", 0))
		if err := s.Compact(t.Context(), usage.Retention{Events: -1, Minutes: -1}, noon.AddDate(10, 0, 0)); err != nil {
			t.Fatal(err)
		}
		if events, _, err := s.Events(t.Context(), usage.Query{}, "", 10); err != nil || len(events) != 2 {
			t.Errorf("the log has %d events, %v, want 2", len(events), err)
		}
		if err := s.Compact(t.Context(), usage.Retention{}, noon.AddDate(10, 0, 0)); err != nil {
			t.Fatal(err)
		}
		if got := total(t, s, usage.Query{}).Count; got != 0 {
			t.Errorf("ten years later there are %d events under the default retention, want none", got)
		}
	})
}

func TestStore_is_safe_for_concurrent_use(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, s usage.Store) {
		const writers, each = 4, 20
		errs := make(chan error)
		for w := range writers {
			go func() {
				var err error
				for i := range each {
					if err == nil {
						err = s.Append(context.Background(), []usage.Event{used(tokens.ID(fmt.Sprint(w, i%3)), 0), used(tokens.ID(fmt.Sprint(i)), 0)})
					}
				}
				errs <- err
			}()
		}
		go func() { errs <- s.Compact(context.Background(), usage.Retention{}, noon) }()
		for range writers + 1 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if got := total(t, s, usage.Query{}).Count; got != 2*writers*each {
			t.Errorf("%d events, want %d", got, 2*writers*each)
		}
	})
}
