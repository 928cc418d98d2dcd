package usage

import (
	"net/url"

	"github.com/gitfleet/gitfleet/tokens"
)

// finish works out what the events of a batch do not say yet.
func (r *Recorder) finish(batch []pending) (events []Event, err error) {
	defer recovered(&err) // of the user's functions
	known := map[tokens.ID]tokens.TokenInfo{}
	events = make([]Event, len(batch))
	for i := range batch {
		p := &batch[i]
		e := p.Event
		if p.url != "" {
			r.place(&e, p.method, p.url)
		}
		if r.config.Lookup != nil && e.Token != "" {
			r.whose(&e, known)
		}
		events[i] = e
	}
	return events, nil
}

// place fills in where a request went.
func (r *Recorder) place(e *Event, method, address string) {
	u, err := url.Parse(address)
	if err != nil {
		return
	}
	if e.Host == "" {
		e.Host = u.Host
	}
	if e.Route == "" {
		e.Route = r.config.Route(method, u.EscapedPath())
	}
}

// whose fills in whose token it was. A batch asks once for each.
func (r *Recorder) whose(e *Event, known map[tokens.ID]tokens.TokenInfo) {
	info, asked := known[e.Token]
	if !asked {
		info, _ = r.config.Lookup(e.Token)
		known[e.Token] = info
	}
	if e.Provider == "" {
		e.Provider = info.Provider
	}
	if e.Label == "" {
		e.Label = info.Label
	}
	if e.Account == "" {
		e.Account = info.Account
	}
}
