package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// session is a fleet with the configuration that it was made of.
type session struct {
	*gitfleet.Fleet
	tool   *tool
	config *configuration
	usage  *recording // nil if nothing is recorded
	kept   *kept      // nil if no answers are kept
}

// retries is how often a read is sent again after a failure of the network or of
// the host.
const retries = 2

// open makes the fleet that flags, configuration and environment describe.
func (t *tool) open(cmd *cobra.Command) (*session, error) {
	config, err := t.configure()
	if err != nil {
		return nil, err
	}
	base, err := t.network(config)
	if err != nil {
		return nil, &usageError{err: err}
	}
	record, err := t.recordTo(cmd, config)
	if err != nil {
		return nil, err
	}
	answers, err := t.openKept(cmd, config)
	if err != nil {
		return nil, err
	}
	ts, err := t.gather(cmd.Context(), config)
	if err != nil {
		return nil, err
	}
	m, err := tokens.NewManager(tokens.Config{Base: base}, ts...)
	if err != nil {
		return nil, &usageError{err: err}
	}
	c := gitfleet.Config{
		Manager:   m,
		Base:      base,
		MaxWait:   t.maxWait(cmd, config),
		Hooks:     t.hooks(),
		Anonymous: t.flags.anonymous,
		StateFile: t.stateFile(config),
		Cache:     answers.cache(),
		Transport: func(tr *transport.Transport) {
			tr.Retries = retries
			if config.timeout != 0 {
				tr.Timeout = config.timeout
			}
		},
	}
	if t.flags.verbose {
		c.Logger = slog.New(slog.NewTextHandler(t.err, nil))
	}
	log := newRecording(record, m, t.hide)
	log.attach(&c.Hooks)
	fleet, err := gitfleet.New(c)
	if err != nil {
		return nil, errors.Join(err, log.close())
	}
	return &session{Fleet: fleet, tool: t, config: config, usage: log, kept: answers}, nil
}

// close keeps what is known. That it could not be kept fails nothing.
func (s *session) close() {
	for _, end := range []func() error{s.usage.close, s.kept.close, s.Close} {
		if err := end(); err != nil {
			fmt.Fprintln(s.tool.err, line(err))
		}
	}
}

// stateFile returns where to keep what is known. Where there is no place for it,
// as in a container without a home, nothing is kept.
func (t *tool) stateFile(c *configuration) string {
	if t.flags.noState || c.noState {
		return ""
	}
	path, err := gitfleet.StatePath("gitfleet")
	if err != nil {
		fmt.Fprintln(t.err, line(err))
	}
	return path
}

// maxWait returns how long to wait: what the flag says, else the configuration,
// as a Transport has it, where negative is never.
func (t *tool) maxWait(cmd *cobra.Command, c *configuration) time.Duration {
	wait := t.flags.maxWait
	if c.maxWait != nil && !cmd.Flags().Changed("max-wait") {
		wait = *c.maxWait
	}
	if wait <= 0 {
		return -1
	}
	return wait
}

// hooks tell of waits, since a tool that does nothing for minutes looks broken.
func (t *tool) hooks() transport.Hooks {
	var mu sync.Mutex
	var told time.Time // the last wait that was told of
	return transport.Hooks{Wait: func(_ context.Context, w transport.Wait) {
		mu.Lock()
		defer mu.Unlock()
		if time.Until(w.Until) < 5*time.Second || w.Until.Sub(told).Abs() < 5*time.Second {
			return
		}
		told = w.Until
		fmt.Fprintf(t.err, "gitfleet: every token is spent: waiting until %s, %s\n",
			w.Until.UTC().Format(time.RFC3339), in(time.Until(w.Until)))
	}}
}

// network returns what sends requests, with the CA file and the proxy of the
// configuration.
func (t *tool) network(c *configuration) (http.RoundTripper, error) {
	base := http.DefaultTransport.(*http.Transport).Clone()
	if c.proxy != "" {
		u, err := url.Parse(c.proxy)
		if err != nil {
			return nil, errors.New("proxy is no URL")
		}
		base.Proxy = http.ProxyURL(u)
	}
	if c.caFile != "" {
		pem, err := os.ReadFile(c.caFile)
		if err != nil {
			return nil, fmt.Errorf("ca_file: %w", err)
		}
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca_file: %s has no certificate in it", c.caFile)
		}
		base.TLSClientConfig.RootCAs = roots
	}
	if t.base != nil {
		return t.base, nil
	}
	return base, nil
}
