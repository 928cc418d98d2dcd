package tokens

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// model is a host that counts truly, and the plainest books of what the manager was
// told. Whatever the manager grants or refuses must have a reason in them.
//
// The truth bounds the manager from above: what was granted by known numbers is
// never refused by the host. The books bound it from below: what was not granted
// has a reason. Between the two lies only what a second's fraction or jitter
// decides.
type model struct {
	modelCount
	world
	manager *Manager
	host    *Host
	config  Config
	probe   int // the status that the manager's own requests are answered with

	open    []*openCall
	waiting []*waitingCall
	mu      sync.Mutex
	arrived []*waitingCall // whose wait has ended

	cards   map[*entry]*card
	gone    map[ID]*card // of tokens that were removed
	books   map[*budget]*book
	persons map[*account]*person
	rest    span // of the whole host

	syncer *Syncer
	listed []Token
	own    map[ID]bool // tokens that came from the source
	coming bool        // tokens have come one after the other; who stood in line took the first

	pins  [2]*Pin
	walks [2]*Walk

	listener *listener
	unheard  bool // nobody observes events
}

// openCall is a lease that is out, or was.
type openCall struct {
	lease    Lease
	user     *user
	draw     ratelimit.Draw
	window   time.Time // the end of the host's window that ran when it was leased
	known    bool      // whether the manager knew that window then, and all of the user's calls in it
	answer   *ratelimit.Observation
	ended    time.Time
	returned bool // it was never sent
}

func newModel(ops []operation) *model {
	var conf operation
	if len(ops) > 0 {
		conf = ops[0]
	}
	m := &model{
		world:   newWorld([]time.Duration{0, 10 * time.Minute, -10 * time.Minute}[conf[1]%3], int64(conf[1]/3%8)),
		cards:   map[*entry]*card{},
		gone:    map[ID]*card{},
		books:   map[*budget]*book{},
		persons: map[*account]*person{},
		own:     map[ID]bool{},
		pins:    [2]*Pin{new(Pin), new(Pin)},
		walks:   [2]*Walk{new(Walk), new(Walk)},
	}
	m.config = Config{Base: m}
	switch conf[2] % 6 {
	case 1, 4:
		m.config.Pace = &ratelimit.Pace{PointsPerMinute: 12, GraphQLPointsPerMinute: 9, CreationsPerMinute: 2, CreationsPerHour: 7, WriteGap: 3 * time.Second}
	case 2:
		m.config.Pace = &ratelimit.Pace{}
	}
	m.unheard = conf[1]%2 == 0 // whoever tells observers looks at tokens, which is to change nothing
	if conf[2]%5 == 1 {
		m.config.MaxInFlight = 4
	}
	m.begin()
	for n := range 3 {
		m.addToken(n, byte(17*n)+conf[3])
	}
	return m
}

// begin makes a manager. One prompt answer shows it the host's clock; until then
// the resets of slow answers are in doubt.
func (m *model) begin() {
	var err error
	if m.manager, err = NewManager(m.config); err != nil {
		m.Fatalf("NewManager() = %v", err)
	}
	m.host, _ = m.manager.Host(GitHub, &url.URL{Scheme: "https", Host: "api.github.com", Path: "/"})
	m.host.clock.observe(m.now().Truncate(time.Second), time.Now(), time.Now())
	m.listener = &listener{known: map[ID]State{}}
	if !m.unheard {
		m.manager.Subscribe(m.listener.observe)
	}
	m.syncer, err = m.manager.Sync(context.Background(), m, SyncConfig{Interval: -1, AllowEmpty: true})
	if err != nil {
		m.Fatalf("Sync() = %v", err)
	}
}

// Tokens implements [Source].
func (m *model) Tokens(context.Context) ([]Token, error) { return m.listed, nil }

// Helper is for [stopper].
func (m *model) Helper() {}

// Fatalf ends the run.
func (m *model) Fatalf(format string, args ...any) { panic(departure(fmt.Sprintf(format, args...))) }

func (m *model) book(b *budget) *book {
	if m.books[b] == nil {
		m.books[b] = &book{}
	}
	return m.books[b]
}

func (m *model) person(a *account) *person {
	if m.persons[a] == nil {
		m.persons[a] = &person{routes: map[uint64]*span{}}
	}
	return m.persons[a]
}

// budget returns the budget that a lease which is out is booked on.
func (c *openCall) budget() *budget { return c.lease.host.leases.slot(c.lease.slot).budget.current() }

func (c *openCall) seq() uint64 { return c.lease.host.leases.slot(c.lease.slot).seq }

// openOn returns the calls that draw on a budget and are out.
func (m *model) openOn(b *budget) (n int64) {
	for _, c := range m.open {
		if c.budget() == b && c.draw.Units > 0 {
			n++
		}
	}
	return n
}

func (m *model) inFlight(a *account) (n int) {
	for _, c := range m.open {
		if c.budget().account == a {
			n++
		}
	}
	return n
}

// whole reports whether the manager sees all calls of a user on one account, and
// no others there.
func (m *model) whole(u *user, a *account) bool {
	for e, c := range m.cards {
		if (c.user == u) != (e.account == a) && !e.removed {
			return false
		}
	}
	for _, c := range m.open {
		if (c.user == u) != (c.budget().account == a) {
			return false
		}
	}
	return true
}

// split reports whether the manager takes a user for several accounts.
func (m *model) split(u *user) bool {
	for e, c := range m.cards {
		if c.user == u && !e.removed {
			return !m.whole(u, e.account)
		}
	}
	return false
}

// blur says that no number which the manager was told has to include all calls
// that the user makes in the windows that run.
func (m *model) blur(u *user) {
	for resource := range u.windows {
		m.window(u, resource).doubtful = true
	}
}

// pick takes an open call that fits out of the list.
func (m *model) pick(n byte, fits func(*openCall) bool) *openCall {
	for i := range m.open {
		at := (int(n) + i) % len(m.open)
		if c := m.open[at]; fits(c) {
			m.open = slices.Delete(m.open, at, at+1)
			return c
		}
	}
	return nil
}

func pending(c *openCall) bool  { return c.answer == nil }
func answered(c *openCall) bool { return c.answer != nil }
func anyCall(*openCall) bool    { return true }

// modelSteps is what an operation can be, each as often as its weight says.
var modelSteps = weightedSteps([]modelStep{
	{"lease", 26, (*model).stepLease},
	{"wait", 12, (*model).stepWait},
	{"leave", 3, (*model).stepLeave},
	{"serve", 22, (*model).stepServe},
	{"settle", 22, (*model).stepSettle},
	{"bare", 2, (*model).stepBare},
	{"lose", 3, (*model).stepLose},
	{"cancel", 2, (*model).stepCancel},
	{"limit", 4, (*model).stepLimit},
	{"elsewhere", 2, (*model).stepElsewhere},
	{"other", 1, (*model).stepOther},
	{"unauthorized", 3, (*model).stepUnauthorized},
	{"add", 3, (*model).stepAdd},
	{"remove", 1, (*model).stepRemove},
	{"replace", 1, (*model).stepReplace},
	{"rotate", 1, (*model).stepRotate},
	{"disable", 1, (*model).stepDisable},
	{"enable", 2, (*model).stepEnable},
	{"invalid", 1, (*model).stepInvalid},
	{"revalidate", 3, (*model).stepRevalidate},
	{"identify", 2, (*model).stepIdentify},
	{"sync", 1, (*model).stepSync},
	{"strategy", 1, (*model).stepStrategy},
	{"restore", 1, (*model).stepRestore},
	{"pass", 9, (*model).stepPass},
	{"pass long", 3, (*model).stepPassLong},
	{"come back", 3, (*model).stepComeBack},
})

type modelStep struct {
	name   string
	weight int
	do     func(m *model, a, b, c byte)
}

func weightedSteps(kinds []modelStep) (steps []modelStep) {
	for _, k := range kinds {
		steps = append(steps, slices.Repeat([]modelStep{k}, k.weight)...)
	}
	return steps
}

// fence orders what the model reads without the host's lock before and after what
// timers do with it. They run only while the model sleeps, of which the race
// detector knows nothing.
func (m *model) fence() {
	m.host.mu.Lock()
	defer m.host.mu.Unlock()
}

// pass lets time pass, and timers run.
func (m *model) pass(d time.Duration) {
	m.fence()
	time.Sleep(d)
	synctest.Wait()
	m.fence()
}

func (m *model) step(op operation) {
	m.steps++
	before := m.observed()
	pins := m.pinned()
	kind := modelSteps[int(op[0])%len(modelSteps)]
	kind.do(m, op[1], op[2], op[3])
	m.unite()
	m.collect()
	m.coming = false
	m.unmarked(func() { m.check(op) })
	synctest.Wait()
	m.checkEvents()
	m.checkNumbers(before)
	if kind.name != "replace" { // which takes a token out of its account for a moment
		m.checkPins(pins)
	}
}

// finish ends all calls and wants nothing to be left.
func (m *model) finish() {
	m.settleAll()
	m.check(operation{})
	m.shut()
}

// settleAll has the calls that are out answered; those in line that are served by
// it stay out.
func (m *model) settleAll() {
	for range len(m.open) {
		c := m.pick(0, anyCall)
		if c.answer == nil {
			m.answer(c)
		}
		m.settle(c, *c.answer)
		m.collect()
	}
}

// shut closes the manager and wants all who wait to be gone.
func (m *model) shut() {
	if err := m.manager.Close(); err != nil {
		m.Fatalf("I16: Close() = %v", err)
	}
	synctest.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.arrived {
		m.waiting = slices.DeleteFunc(m.waiting, func(other *waitingCall) bool { return other == w })
	}
	m.arrived = nil
	if len(m.waiting) > 0 {
		m.Fatalf("I16: %d calls wait for a manager that is closed", len(m.waiting))
	}
}

// abandon lets nothing of a run that failed stay in the bubble.
func (m *model) abandon() {
	for _, w := range m.waiting {
		w.cancel()
	}
	_ = m.manager.Close()
}

// RoundTrip implements [http.RoundTripper]: it answers the manager's own requests.
func (m *model) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: m.probe, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}
