package fleettest

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server serves a simulator over connections, with net/http on both sides.
// It is safe for concurrent use.
type Server struct {
	// URL is where it is: "http://127.0.0.1:port" for Serve, and the host's
	// own address, such as "https://api.github.com", for ServePipe.
	URL string

	server    *http.Server
	transport *http.Transport
	served    sync.WaitGroup // the goroutine that accepts
	running   sync.WaitGroup // the connections
	closing   sync.Once
}

// Serve puts the simulator on a loopback socket of its own, over plain http.
// URLs in its answers begin with the server's. A GitHub also answers where an
// Enterprise Server does: under /api/v3, /api/uploads and /api/graphql. A
// GitLab answers under /api, with or without a relative URL root before it, a
// Bitbucket under /2.0. It panics if there is no socket to be had.
//
// In a synctest bubble use [GitHub.ServePipe]: there an idle socket stops the
// clock.
func (h *host) Serve() *Server {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(fmt.Sprintf("fleettest: serve: %v", err))
	}
	s := &Server{URL: "http://" + l.Addr().String(), transport: &http.Transport{}}
	s.start(l, h)
	return s
}

// ServePipe serves the simulator over connections made with [net.Pipe], which
// [Server.Transport] dials whatever the address. It works in a synctest
// bubble, if it is called there. URLs are those of the real host: what looks
// like https to a client is not encrypted.
func (h *host) ServePipe() *Server {
	l := newPipeListener()
	s := &Server{URL: h.home, transport: &http.Transport{
		DialContext:    l.dial("http"),
		DialTLSContext: l.dial("https"),
	}}
	s.start(l, h)
	return s
}

// Transport returns a transport that reaches the server. The caller may change
// its fields before its first use.
func (s *Server) Transport() *http.Transport { return s.transport }

// Close ends the server and all its connections, and waits for its goroutines.
// Requests in flight fail.
func (s *Server) Close() {
	s.closing.Do(func() {
		s.server.Close()
		s.served.Wait()
		s.server.Close() // a connection that was just being accepted
		s.transport.CloseIdleConnections()
		s.running.Wait()
	})
}

// Format prints where the server is, whatever the verb.
func (s *Server) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "fleettest.Server{%s}", s.URL) }

// start serves handler on l.
func (s *Server) start(l net.Listener, handler http.Handler) {
	s.server = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: time.Minute,
		ConnContext:       withScheme,
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.running.Add(1)
			case http.StateClosed, http.StateHijacked:
				s.running.Done()
			}
		},
	}
	s.served.Go(func() { s.server.Serve(l) })
}

// RoundTrip answers r in memory. See [GitHub], [GitLab] and [Bitbucket] for
// which hosts each knows. It
// returns the context's error if the context ends before the answer.
func (h *host) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err // it would not have been sent
	}
	a, err := h.exchange(r, origin{scheme: r.URL.Scheme})
	if err != nil {
		return nil, err
	}
	return a.response(r), nil
}

// ServeHTTP answers r over a connection, whatever the name of the host.
func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from := origin{scheme: "http", anyName: true, wire: true}
	if r.TLS != nil {
		from.scheme = "https"
	}
	if scheme, ok := r.Context().Value(schemeKey{}).(string); ok {
		from = origin{scheme: scheme, wire: true}
	}
	a, err := h.exchange(r, from)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	a.write(w, r)
}
