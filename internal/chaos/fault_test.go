package chaos_test

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/tokens"
)

// trouble is a kind of fault.
type trouble string

const (
	// At the host.
	dropDone    trouble = "drop"         // no answer, and it was acted on
	dropUndone  trouble = "edge-drop"    // no answer, and it was not acted on
	late        trouble = "late"         // an answer after a long time
	slowBody    trouble = "slow-body"    // a pause in the midst of the body
	cutBody     trouble = "cut"          // the connection breaks in the midst
	badJSON     trouble = "bad-json"     // it is whole and no JSON
	tooShort    trouble = "too-short"    // Content-Length is less than the body
	tooLong     trouble = "too-long"     // Content-Length is more
	burst       trouble = "burst"        // of server errors
	edgeBurst   trouble = "edge-burst"   // likewise, by what stands before the host
	closing     trouble = "closing"      // Connection: close, GOAWAY with HTTP/2
	forbidden   trouble = "forbidden"    // a 403 that is no limit
	secondary   trouble = "secondary"    // a limit on speed
	pastReset   trouble = "past-reset"   // a refusal whose reset is over
	garbled     trouble = "garbled"      // numbers that are none
	unsure      trouble = "401"          // a 401 for a token that is alive
	hugeRefusal trouble = "huge-refusal" // a limit's refusal of 1 GiB
	hugeError   trouble = "huge-error"   // a server error of 1 GiB
	bomb        trouble = "bomb"         // a refusal of 1 GiB that comes as 1 MiB
	hugeAlive   trouble = "huge-401"     // a 401 of 1 GiB

	// On the way.
	noName      trouble = "dns"
	badCert     trouble = "certificate"
	refusedDial trouble = "refused"
	resetEarly  trouble = "reset"      // before the request is out
	resetMidst  trouble = "reset-body" // after some bytes of an answer
)

var (
	calmTroubles = []trouble{
		dropDone, dropUndone, late, slowBody, cutBody, badJSON, tooShort, tooLong, burst, closing,
		forbidden, secondary, hugeError, noName, badCert, refusedDial, resetEarly, resetMidst,
	}
	wildTroubles = []trouble{edgeBurst, pastReset, garbled, unsure, hugeRefusal, bomb, hugeAlive}
	onTheWay     = []trouble{noName, badCert, refusedDial, resetEarly, resetMidst}
)

// calm reports whether the host's numbers stay true.
func (t trouble) calm() bool { return slices.Contains(calmTroubles, t) }

// fault is a trouble, and when it strikes.
type fault struct {
	Kind  trouble
	After int // requests, or connections, that pass before
	Times int
	Size  int // bytes or milliseconds, as the kind has it
}

const gibibyte = 1 << 30

// These mark a 403 that is no limit and a refusal for speed, even if nothing
// remains besides.
const (
	plainHeader = "X-Chaos-Plain"
	speedHeader = "X-Chaos-Speed"
)

func drawFaults(r dice, p plan, calm bool) []fault {
	kinds := slices.Clone(calmTroubles)
	if !calm {
		kinds = append(kinds, wildTroubles...)
		kinds = append(kinds, wildTroubles...)
	}
	all := make([]fault, r.IntN(5))
	for i := range all {
		f := fault{Kind: pick(r, kinds...), After: r.IntN(20), Times: 1 + r.IntN(3), Size: 1 + r.IntN(400)}
		switch f.Kind {
		case burst, edgeBurst:
			f.Times = 1 + r.IntN(30)
		case noName, badCert, refusedDial, resetEarly, resetMidst:
			f.After = r.IntN(4)
		}
		all[i] = f
	}
	return all
}

// injected returns the fault for a simulated host. ok is false for one that is
// on the way there.
func (f fault) injected(p plan) (_ fleettest.Fault, ok bool) {
	if slices.Contains(onTheWay, f.Kind) {
		return fleettest.Fault{}, false
	}
	out := fleettest.Fault{After: f.After, Times: f.Times}
	f.spoil(&out, p)
	f.refuse(&out, p)
	return out, true
}

// spoil sets what goes wrong with an answer that is none about limits.
func (f fault) spoil(out *fleettest.Fault, p plan) {
	pause := time.Duration(f.Size) * 100 * time.Millisecond
	if !p.Way.virtual() {
		pause = time.Duration(f.Size%8) * time.Millisecond
	}
	switch f.Kind {
	case dropDone:
		out.Drop = true
	case dropUndone:
		out.Drop, out.Edge = true, true
	case late:
		out.Delay = pause
	case slowBody:
		out.Pause = pause
	case cutBody:
		out.Cut = f.Size
	case badJSON:
		out.Body = `{"message":"` + string(make([]byte, f.Size))
	case tooShort:
		out.Length = 1 + f.Size%40
	case tooLong:
		out.Length = 1 << 20
	case burst:
		out.Status, out.Body = pickBySize(f, 500, 502, 503, 504), `{"message":"Server Error"}`
	case edgeBurst:
		out.Status, out.Body, out.Edge = pickBySize(f, 502, 503, 521), "<html>unicorn</html>", true
	case closing:
		out.Header = http.Header{"Connection": {"close"}}
	case forbidden:
		out.Status, out.Body = 403, `{"message":"Resource not accessible by personal access token"}`
		out.Header = http.Header{plainHeader: {"true"}}
	case hugeError:
		out.Status, out.Body, out.Size = 502, `{"message":"Server Error"}`, gibibyte
	}
}

// refuse sets what is wrong with an answer about limits or tokens.
func (f fault) refuse(out *fleettest.Fault, p plan) {
	switch f.Kind {
	case secondary:
		out.Status, out.Header, out.Body = 403, http.Header{"Retry-After": {strconv.Itoa(f.Size)}},
			`{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}`
		if p.Provider != tokens.GitHub {
			*out = fleettest.GitLabTooManyRequests(time.Duration(f.Size) * time.Second)
			out.After, out.Times = f.After, f.Times
		}
		out.Header.Set(speedHeader, "true")
	case pastReset:
		past := strconv.FormatInt(time.Now().Add(p.ClockAhead-time.Duration(f.Size)*time.Second).Unix(), 10)
		out.Status, out.Body = 403, `{"message":"API rate limit exceeded for user ID 1."}`
		out.Header = http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {past}}
	case garbled:
		out.Header = http.Header{"X-Ratelimit-Remaining": {"many"}, "Ratelimit-Remaining": {"-"}, "X-Ratelimit-Reset": {"soon"}}
	case unsure, hugeAlive:
		out.Status, out.Body, out.Edge = 401, `{"message":"Bad credentials"}`, true
		out.Match = func(r *http.Request) bool { return r.Header.Get("User-Agent") != managerAgent }
		if f.Kind == hugeAlive {
			out.Size = gibibyte
		}
	case hugeRefusal, bomb:
		out.Status, out.Body, out.Size = 429, `{"message":"You have exceeded a secondary rate limit."}`, gibibyte
		out.Header = http.Header{"Retry-After": {strconv.Itoa(f.Size)}}
		out.Gzip = f.Kind == bomb
	}
}

// pickBySize picks one of several by what was drawn already.
func pickBySize(f fault, of ...int) int { return of[f.Size%len(of)] }
