package ratelimit_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func TestSliding_holds_a_point_from_its_taking_until_a_span_after_its_answer(t *testing.T) {
	t.Parallel()
	var s ratelimit.Sliding
	s.Take(5)
	held := func(after time.Duration, want int64) {
		t.Helper()
		if got := s.Held(noon.Add(after)); got != want {
			t.Errorf("after %v %d points are held, want %d", after, got, want)
		}
	}
	held(10*time.Minute, 5) // a slow request
	s.Answered(5, noon.Add(10*time.Minute))
	held(11*time.Minute, 5)
	held(11*time.Minute+time.Second, 0)
}

func TestSliding_Return_gives_points_back(t *testing.T) {
	t.Parallel()
	var s ratelimit.Sliding
	s.Take(5)
	s.Return(5)
	if got := s.Held(noon); got != 0 {
		t.Errorf("%d points are held, want 0", got)
	}
}

func TestSliding_ReadyAt(t *testing.T) {
	t.Parallel()
	var s ratelimit.Sliding
	for i := range int64(3) {
		s.Take(300)
		s.Answered(300, noon.Add(time.Duration(i)*10*time.Second))
	}
	now := noon.Add(20 * time.Second)
	tests := []struct {
		name          string
		points, limit int64
		want          time.Duration // from noon
		ok            bool
	}{
		{"room", 100, 1000, 20 * time.Second, true},
		{"when the oldest run out", 1, 900, 61 * time.Second, true},
		{"when the next run out too", 301, 900, 71 * time.Second, true},
		{"when all have run out", 900, 900, 81 * time.Second, true},
		{"never", 901, 900, 0, false},
	}
	for _, tt := range tests {
		at, ok := s.ReadyAt(tt.points, tt.limit, now)
		if ok != tt.ok || ok && !at.Equal(noon.Add(tt.want)) {
			t.Errorf("%s: ReadyAt() = %v, %t, want %v, %t", tt.name, at.Sub(noon), ok, tt.want, tt.ok)
		}
	}
	s.Take(1)
	if _, ok := s.ReadyAt(900, 900, now); ok {
		t.Error("ReadyAt() knows when a request that is out will be answered")
	}
}

func TestSliding_counts_over_another_span(t *testing.T) {
	t.Parallel()
	s := ratelimit.Sliding{Span: time.Hour}
	s.Take(1)
	s.Answered(1, noon)
	if got := s.Held(noon.Add(time.Hour)); got != 1 {
		t.Errorf("after an hour %d points are held, want 1", got)
	}
	if got := s.Held(noon.Add(61 * time.Minute)); got != 0 {
		t.Errorf("after 61 minutes %d points are held, want 0", got)
	}
}

// Against a list of all points: never forgets one early, nor one step too late.
func TestSliding_agrees_with_a_list_of_points(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		var s ratelimit.Sliding
		var answered []time.Time
		out, now := int64(0), noon
		for range 2000 {
			now = now.Add(time.Duration(rnd.Int64N(int64(2 * time.Second))))
			switch rnd.IntN(3) {
			case 0:
				s.Take(1)
				out++
			case 1:
				if out > 0 {
					s.Answered(1, now)
					out--
					answered = append(answered, now)
				}
			}
			within := func(age time.Duration) (n int64) {
				for _, at := range answered {
					if now.Sub(at) < age {
						n++
					}
				}
				return n
			}
			got := s.Held(now)
			if least, most := out+within(time.Minute), out+within(time.Minute+time.Second); got < least || got > most {
				t.Fatalf("seed %d: %d points are held, want %d to %d", seed, got, least, most)
			}
		}
	}
}

func FuzzSliding(f *testing.F) {
	f.Add([]byte{0, 5, 1, 60, 2, 61})
	f.Fuzz(func(t *testing.T, steps []byte) {
		var s ratelimit.Sliding
		out, now := int64(0), noon
		for i := 0; i+1 < len(steps); i += 2 {
			n := int64(steps[i+1])
			switch steps[i] % 4 {
			case 0:
				s.Take(n)
				out += n
			case 1:
				n = min(n, out)
				s.Answered(n, now)
				out -= n
			case 2:
				n = min(n, out)
				s.Return(n)
				out -= n
			case 3:
				now = now.Add(time.Duration(n) * time.Second)
			}
			held := s.Held(now)
			if held < out {
				t.Fatalf("%d points are held, but %d are out", held, out)
			}
			if at, ok := s.ReadyAt(1, held, now); ok && !at.After(now) {
				t.Fatalf("ready at %v with nothing left", at)
			}
		}
	})
}

func TestSliding_Room_agrees_with_what_is_held(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		var s, same ratelimit.Sliding
		s.Held(noon) // so that the slots of both begin at the same times
		same.Held(noon)
		out, now := int64(0), noon
		for range 2000 {
			now = now.Add(time.Duration(rnd.Int64N(int64(2 * time.Second))))
			if n := rnd.Int64N(5); rnd.IntN(2) == 0 {
				s.Take(n)
				same.Take(n)
				out += n
			} else {
				n = min(n, out)
				s.Answered(n, now)
				same.Answered(n, now)
				out -= n
			}
			points, limit := rnd.Int64N(5), rnd.Int64N(200)
			room := s.Room(points, limit, now)
			if held := same.Held(now); room != (held+points <= limit) {
				t.Fatalf("seed %d: Room(%d, %d) = %t with %d held", seed, points, limit, room, held)
			}
		}
	}
}
