package tokens

import (
	"fmt"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// world is the truth: a host that counts what each user has called.
type world struct {
	skew  time.Duration // of the host's clock
	users [4]*user
}

// user is whom the host counts.
type user struct {
	name    string
	windows map[string]*window
}

// window is the truth about one budget of a user.
type window struct {
	limit, used int64
	length      time.Duration
	cost        int64     // of one call
	before      int64     // what others had used when the window began
	ends        time.Time // by the host's clock; zero before the first call
	number      int
	doubtful    bool // calls were made in it that no number which the manager heard can include
}

func newWorld(skew time.Duration, small int64) world {
	w := world{skew: skew}
	for i := range w.users {
		w.users[i] = &user{name: fmt.Sprintf("u%d", i), windows: map[string]*window{
			"core":    {limit: 10 + small + 5*int64(i), length: time.Hour, cost: 1},
			"search":  {limit: 8 + 2*int64(i), length: time.Minute, cost: 1},
			"graphql": {limit: 1000, before: 940, length: time.Hour, cost: 1 + small},
		}}
		w.users[i].windows["graphql"].used = 940
	}
	return w
}

func (w *world) now() time.Time { return time.Now().Add(w.skew) }

// window returns the truth about a budget in the window that runs now.
func (w *world) window(u *user, resource string) *window {
	win := u.windows[resource]
	if !win.ends.IsZero() && !w.now().Before(win.ends) {
		win.used, win.ends, win.doubtful = win.before, time.Time{}, false
		win.number++
	}
	return win
}

// serve has the host count a call, and returns its answer.
func (w *world) serve(u *user, d ratelimit.Draw) ratelimit.Observation {
	win := w.window(u, d.Resource)
	o := ratelimit.Observation{
		Class: ratelimit.OK, Scope: ratelimit.TokenNumbers, Validity: ratelimit.Valid, Resource: d.Resource,
		Limit: ratelimit.Known(win.limit), Date: w.now().Truncate(time.Second), At: time.Now(),
	}
	switch {
	case d.Units == 0:
	case win.used >= win.limit:
		o.Class, o.Swap, o.Rests = ratelimit.PrimaryLimit, ratelimit.SwapAlways, ratelimit.OneBudget
	default:
		if win.ends.IsZero() {
			win.ends = w.now().Add(win.length).Truncate(time.Second)
		}
		win.used += win.cost
	}
	o.Remaining = ratelimit.Known(max(0, win.limit-win.used))
	o.Reset = win.ends
	if win.ends.IsZero() { // hosts show one that moves on
		o.Reset = w.now().Add(win.length).Truncate(time.Second)
	}
	return o
}
