package fleettest

import (
	"context"
	"errors"
	"net"
	"sync"
)

// schemeKey is the context key of the scheme that a pipe was dialled for.
type schemeKey struct{}

// withScheme remembers what a connection was dialled for.
func withScheme(ctx context.Context, conn net.Conn) context.Context {
	if p, ok := conn.(*pipeConn); ok {
		return context.WithValue(ctx, schemeKey{}, p.scheme)
	}
	return ctx
}

// pipeConn is the server's end of a connection in memory.
type pipeConn struct {
	net.Conn
	scheme string
}

// pipeListener is a [net.Listener] for connections in memory.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

// newPipeListener returns a listener that can be dialled at once.
func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

// dial returns a function that connects to the listener, for scheme.
func (l *pipeListener) dial(scheme string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		client, server := net.Pipe()
		select {
		case l.conns <- &pipeConn{server, scheme}:
			return client, nil
		case <-l.done:
			return nil, errors.New("fleettest: connection refused: the server is closed")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
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
func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

// pipeAddr is the address of connections in memory.
type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }
