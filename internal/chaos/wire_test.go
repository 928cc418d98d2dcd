package chaos_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// wire is what lies between net/http and the host: a pipe or a loopback socket,
// with the faults of a test. It counts the connections that are open.
type wire struct {
	way    way
	strike func() fault  // says what is wrong with the next connection
	pipes  chan net.Conn // where a pipe's other end goes
	addr   string        // of the socket
	broken string        // of one that has a certificate which nobody trusts

	open atomic.Int64 // connections
}

// transport returns net/http over the wire. The names of hosts lead to the one
// that there is.
func (w *wire) transport() *http.Transport {
	t := &http.Transport{DialContext: w.dial, MaxIdleConnsPerHost: 16}
	switch w.way {
	case overTLS, overH2:
		t.TLSClientConfig = &tls.Config{RootCAs: trusted()}
		t.ForceAttemptHTTP2 = w.way == overH2
	default:
		t.DialTLSContext = w.dial
	}
	return t
}

// planned returns what strikes the connections of a plan, one after the other.
func planned(p plan) func() fault {
	var mu sync.Mutex
	dials, strikes := 0, make([]int, len(p.Faults))
	return func() fault {
		mu.Lock()
		defer mu.Unlock()
		dials++
		for i, f := range p.Faults {
			if slices.Contains(onTheWay, f.Kind) && dials > f.After && strikes[i] < f.Times {
				strikes[i]++
				return f
			}
		}
		return fault{}
	}
}

// listen serves h on a loopback socket, and where there is TLS also on one whose
// certificate nobody trusts.
func (w *wire) listen(h http.Handler) func() {
	open := func(i identity) (addr string, stop func()) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		var c *tls.Config
		if w.way != overTCP {
			c = i.tlsConfig(w.way == overH2)
		}
		return l.Addr().String(), serve(l, h, c)
	}
	addr, stop := open(known())
	w.addr = addr
	if w.way == overTCP {
		return stop
	}
	broken, stopBroken := open(unknown())
	w.broken = broken
	return func() { stop(); stopBroken() }
}

func (w *wire) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	f := w.strike()
	name, _, _ := net.SplitHostPort(addr)
	to := w.addr
	switch f.Kind {
	case noName:
		return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}}
	case refusedDial:
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	case badCert:
		if w.way != overTLS && w.way != overH2 {
			return nil, &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
		}
		to = w.broken
	}
	c, err := w.connect(ctx, to)
	if err != nil {
		return nil, err
	}
	w.open.Add(1)
	out := &conn{Conn: c, wire: w}
	if f.Kind == resetEarly || f.Kind == resetMidst {
		out.resetAfter.Store(int64(f.Size) * 8)
		out.early = f.Kind == resetEarly
	}
	return out, nil
}

func (w *wire) connect(ctx context.Context, addr string) (net.Conn, error) {
	if w.pipes == nil {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", addr)
	}
	client, server := net.Pipe()
	select {
	case w.pipes <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// idle closes the connections that nobody uses and returns how many are left.
// net/http may end a dial for a call that has gone, so that it takes more than
// one time.
func (w *wire) idle(base http.RoundTripper) int64 {
	base.(*http.Transport).CloseIdleConnections()
	return w.open.Load()
}

// conn is a client's end that may be reset, and counts its end.
type conn struct {
	net.Conn
	wire       *wire
	early      bool // reset when something is written
	resetAfter atomic.Int64
	closing    sync.Once
}

// Write implements [net.Conn].
func (c *conn) Write(p []byte) (int, error) {
	if c.early && c.resetAfter.Load() > 0 {
		return 0, c.reset("write")
	}
	return c.Conn.Write(p)
}

// Read implements [net.Conn].
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if left := c.resetAfter.Load(); !c.early && left > 0 {
		if int64(n) >= left {
			return 0, c.reset("read")
		}
		c.resetAfter.Add(int64(-n))
	}
	return n, err
}

func (c *conn) reset(op string) error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) // so that the host sees it, too
	}
	c.Close()
	return &net.OpError{Op: op, Net: "tcp", Err: syscall.ECONNRESET}
}

// Close implements [net.Conn].
func (c *conn) Close() error {
	c.closing.Do(func() { c.wire.open.Add(-1) })
	return c.Conn.Close()
}

// pipeListener accepts the other ends of pipes.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

// Accept implements [net.Listener].
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr implements [net.Listener].
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// serve serves h on l and returns what ends it and all its connections.
func serve(l net.Listener, h http.Handler, c *tls.Config) (stop func()) {
	var served, running sync.WaitGroup
	s := &http.Server{
		Handler: h, TLSConfig: c, ErrorLog: quiet, ReadHeaderTimeout: time.Minute,
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				running.Add(1)
			case http.StateClosed, http.StateHijacked:
				running.Done()
			}
		},
	}
	served.Go(func() {
		serve := func() error { return s.ServeTLS(l, "", "") }
		if c == nil {
			serve = func() error { return s.Serve(l) }
		}
		if err := serve(); !errors.Is(err, http.ErrServerClosed) {
			panic(err)
		}
	})
	return func() {
		s.Close()
		served.Wait()
		s.Close() // a connection that was just being accepted
		running.Wait()
	}
}
