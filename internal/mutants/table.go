package main

// mutant is product code that is broken on purpose. The tests whose names bear the
// number of its invariant must notice.
type mutant struct {
	invariant int
	breaks    string // what it makes wrong
	file      string
	old, with string // old occurs once in the file
	tests     string // packages whose tests are run
}

var mutants = []mutant{
	{1, "a Secret prints as it is", "tokens/secret.go",
		`func (s Secret) String() string { return redacted }`, `func (s Secret) String() string { return s.Reveal() }`, "./tokens"},
	{1, "a Secret is encoded as it is", "tokens/secret.go",
		`func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }`, `func (s Secret) MarshalText() ([]byte, error) { return []byte(s.Reveal()), nil }`, "./tokens"},
	{1, "a credential prints as it is", "tokens/credential.go",
		`io.WriteString(f, c.label)`, `io.WriteString(f, c.label+strings.Join(c.value.reveal(), ""))`, "./tokens"},

	{2, "every address belongs to every host", "tokens/place.go",
		`if u.Scheme != o.scheme || !equalHost(o.host, u.Host, u.Scheme) || u.Opaque != "" {`, `if u.Scheme != o.scheme || u.Opaque != "" {`, "./tokens"},
	{2, "http is as good as https", "tokens/place.go",
		`if u.Scheme != o.scheme || !equalHost(`, `if !equalHost(`, "./tokens ./transport"},
	{2, "a redirect takes the caller's credential along", "transport/credential.go",
		`if !t.Manager.Holds(req.Header) && !t.redirectedFromHost(req) {`, `if !t.Manager.Holds(req.Header) {`, "./transport"},

	{3, "the credential is written into the caller's request", "transport/call.go",
		`req.Header = lease.Authorized(c.request.Header)`, `req.Header = c.request.Header
	lease.Authorize(req.Header)`, "./transport"},
	{3, "what was looked at is missing from the body", "transport/body.go",
		`io.MultiReader(bytes.NewReader(start), rest)`, `io.MultiReader(bytes.NewReader(start[:0]), rest)`, "./transport"},
	{3, "discarded bodies stay open", "transport/body.go",
		`	_ = resp.Body.Close()
}

// refusal`, `}

// refusal`, "./transport"},

	{4, "tokens of one account do not share a budget", "tokens/host.go",
		`	if t.Account == "" {
		key = "token " + string(id)`, `	if true {
		key = "token " + string(id)`, "./tokens"},
	{4, "all resources are one budget", "tokens/host.go",
		`		l := h.lane(r.Draw.Resource, now)
		if`, `		l := h.lane("core", now)
		if`, "./tokens"},
	{4, "a token that is on its own again forgets the calls that are out", "tokens/merge.go",
		`a != nil && len(a.tokens) > 0 {`, `a != nil {`, "./tokens"},
	{4, "of the many tokens of an account the first serves alone", "tokens/host.go",
		`	if b.account.squads != nil {
		e.repost()
	}
`, ``, "./tokens"},

	{5, "leases reserve nothing", "tokens/record.go",
		`left -= r.out + r.lost.units()`, `left -= r.lost.units()`, "./tokens"},
	{5, "an unknown budget has any number of leases out", "tokens/record.go",
		`return maxUnknownLeases - r.out, false`, `return maxUnknownLeases, false`, "./tokens"},
	{5, "a floor is used up", "tokens/record.go",
		`+ r.silent.units() + r.floor`, `+ r.silent.units()`, "./tokens"},

	{6, "the last answer wins", "tokens/record.go",
		`return min(left, before)`, `return left`, "./tokens"},
	{6, "answers of an older window count", "tokens/record.go",
		`	case older:
		return
`, `	case older:
`, "./tokens"},
	{6, "lost calls are forgotten at once", "tokens/lease.go",
		`b.lost.add(s.draw.Units, h.seq)`, ``, "./tokens"},
	{6, "a later number ends a rest", "tokens/record.go",
		`	if t.After(r.rest) {
		r.rest = t`, `	if true {
		r.rest = t`, "./tokens"},
	{6, "a snapshot forgets lost calls", "tokens/snapshot.go",
		`left-b.out-b.lost.units()`, `left-b.out`, "./tokens"},

	{7, "a lease can be settled twice", "tokens/leasetable.go",
		`	s.gen++
	s.budget`, `	s.budget`, "./tokens"},
	{7, "a lost call stays out", "transport/call.go",
		`		if !answered {
			lease.Lost()
		}`, `		_ = answered`, "./transport"},

	{8, "a call swaps for ever", "transport/call.go",
		`again := c.attempts < c.maxAttempts && c.rewind()`, `again := c.rewind()`, "./transport"},
	{8, "a second secondary limit swaps again", "transport/call.go",
		`(c.secondaries > 0 || c.transport.Secondary == WaitOut)`, `c.transport.Secondary == WaitOut`, "./transport"},
	{8, "a secondary limit rests nobody", "tokens/settle.go",
		`		a.cool = until
	}
	a.relist(now)`, `	}
	a.relist(now)`, "./tokens"},
	{8, "a body that cannot be replayed is sent again", "transport/call.go",
		`	if r.GetBody == nil {
		return false`, `	if r.GetBody == nil {
		return true`, "./transport"},

	{9, "a token that is gone is waited for", "tokens/crew.go",
		`e.account == a && !e.removed`, `e.account == a`, "./tokens"},
	{9, "a write is told to come when a read could be served", "tokens/roster.go",
		`b.freeAt(&ro.draw, nil, now); at.After(now)`, `b.freeAt(&oneRead, nil, now); at.After(now)`, "./tokens"},
	{9, "those in line are served from the end", "tokens/queue.go",
		`{ return s.waiter.number }`, `{ return ^s.waiter.number }`, "./tokens"},
	{9, "who waits is not told of a budget that changes", "tokens/lane.go",
		`	l.sum(b, now)
	l.freed(b)
`, `	l.sum(b, now)
`, "./tokens"},
	{9, "nobody is woken by time", "tokens/serve.go",
		`	l.timer.Reset(wait)
`, ``, "./tokens"},
	{9, "there is no margin after a reset", "tokens/record.go",
		`resetMargin = time.Second`, `resetMargin = 0 * time.Second`, "./tokens"},
	{9, "points that come back wake nobody", "tokens/lease.go",
		`if wasFull || h.paced && h.inLine > 0 {`, `if wasFull {`, "./tokens"},
	{9, "a write waits for calls under way", "tokens/serve.go",
		`	s.listed(l, r, now) // others come back by themselves
`, ``, "./tokens"},

	{10, "jitter takes away", "ratelimit/backoff.go",
		`return d + min(jitter, most-d)`, `return d - min(jitter, most-d)`, "./ratelimit"},
	{10, "pauses do not grow", "ratelimit/backoff.go",
		`		d *= 2
`, ``, "./ratelimit ./tokens"},
	{10, "a success resets nothing", "tokens/settle.go",
		`			b.pauses = 0
`, `			_ = b.pauses
`, "./tokens"},

	{11, "a missing number is 0", "tokens/record.go",
		`	if !ok {
		return
	}
	if limit, ok := in.limit.Get(); ok && left == limit && in.used.Or(0) <= 0 {`, `	_ = ok
	if limit, ok := in.limit.Get(); ok && left == limit && in.used.Or(0) <= 0 {`, "./tokens"},
	{11, "null is read as 0", "ratelimit/optional.go",
		`		*o = Optional[T]{}
		return nil`, `		*o = Known(*new(T))
		return nil`, "./ratelimit"},

	{12, "one 401 is death", "tokens/settle.go",
		`e.state, e.reason = Suspect, o.Message`, `e.state, e.reason = Invalid, o.Message`, "./tokens"},
	{12, "a probe that fails kills", "tokens/probe.go",
		`if o != nil && o.Class == ratelimit.Unauthorized && o.Validity == ratelimit.Invalid {`, `if o == nil {
		e.state = Invalid
	} else if o.Class == ratelimit.Unauthorized && o.Validity == ratelimit.Invalid {`, "./tokens"},
	{12, "several probes run at once", "tokens/probe.go",
		`if e.state != Suspect || e.probing || h.isService() {`, `if e.state != Suspect || h.isService() {`, "./tokens"},
	{12, "strategies take a suspect token for one like any", "tokens/account.go",
		`return !e.last() && other.last()`, `return false`, "./tokens"},

	{13, "dead tokens serve", "tokens/account.go",
		`return e.state != Invalid && !e.disabled && !e.expired }`, `return !e.disabled && !e.expired }`, "./tokens"},
	{13, "without a token the request goes out bare", "transport/call.go",
		`		if err != nil {
			return c.giveUp(err)
		}`, `		if err != nil && c.attempts == 0 {
			return c.transport.base().RoundTrip(c.request)
		}
		if err != nil {
			return c.giveUp(err)
		}`, "./transport"},
	{13, "a refusal does not say when to come again", "tokens/outlook.go",
		`		ReadyAt:  readyAt,
`, ``, "./tokens"},

	{14, "Remaining 0 is handed back", "transport/deliver.go",
		`	c.raiseRemaining(resp, seen)
`, ``, "./transport"},
	{14, "a refusal looks like the host's own", "transport/deliver.go",
		`	h.Set("X-From-Cache", "1")
`, ``, "./transport"},

	{15, "an item that moved to a later page comes twice", "providers/seen.go",
		`	return len(*set) > before`, `	return len(*set) >= before`, "./providers"},
	{15, "pages are handed out as they come", "providers/walk.go",
		`results[n%len(results)] <- result{p, err}`, `results[(n+1)%len(results)] <- result{p, err}`, "./providers"},

	{16, "Close leaves the sources running", "tokens/background.go",
		`	return await(jobs...)
}`, `	return nil
}`, "./tokens"},
	{16, "those in line outlive Close", "tokens/host.go",
		`		l.line.failAll(ErrClosed)
`, ``, "./tokens"},

	{17, "the clock goes by the wall clock each time", "tokens/now.go",
		`if age := time.Since(*base); age >= 0 && age < baseFor {`, `if age := time.Since(*base); age < 0 {`, "./tokens"},
	{17, "the clock loses the monotonic reading", "tokens/now.go",
		`	now := time.Now()
	c.base`, `	now := time.Now().Round(0)
	c.base`, "./tokens"},

	{18, "the caller's credential stays beside the manager's", "tokens/credential.go",
		`		case carriesCredential(key):
			delete(copied, key)`, `		case false:
			delete(copied, key)`, "./transport ./tokens"},
	{18, "an app's own JWT is replaced", "transport/credential.go",
		`		return isJWT(auth)
`, `		return false
`, "./transport"},
}
