package pool

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

const (
	// checkedAtOnce is how many keys Check asks about at the same time.
	checkedAtOnce = 8

	// probeTimeout bounds the probe of a key that a call found dead (I12).
	probeTimeout = 10 * time.Second

	// deadly is how many calls in a row must find a key dead where there is no
	// Probe to ask.
	deadly = 2
)

// Check asks for each key whether it is alive: it opens its client, if that is not
// open, and calls [Config].Probe, if there is one, with the timeout of the
// [PoolConfig]. A key that is dead is put aside as [tokens.Invalid], one that is
// alive comes back; any other error says nothing of the key and is in the report.
// The report is in the order in which the keys were added. Keys are asked about eight
// at a time, and none loses its turn or its calls by it.
func (p *Pool[C]) Check(ctx context.Context) []tokens.Revalidation {
	keys := p.Keys()
	report := make([]tokens.Revalidation, len(keys))
	places := make(chan struct{}, checkedAtOnce)
	var all sync.WaitGroup
	for i, k := range keys {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			report[i] = tokens.Revalidation{ID: k.ID, Label: k.Label, State: k.Status.State}
			if m := p.member(k.ID); m != nil {
				report[i].Err = p.checkOne(ctx, m)
			}
			if now, ok := p.manager.Lookup(k.ID); ok {
				report[i].State = now.Status.State
			}
		})
	}
	all.Wait()
	return report
}

// checkOne asks about one key. Its error says why that is not known.
func (p *Pool[C]) checkOne(ctx context.Context, m *member[C]) error {
	s := p.settings.Load()
	if s.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.Timeout)
		defer cancel()
	}
	began, outcome := time.Now(), Unopened
	defer func() {
		p.answered(ctx, Answer{
			Token: m.id, Label: m.label, Operation: "check", Number: 1,
			Outcome: outcome, Duration: time.Since(began),
		})
	}()
	client, err := m.use(ctx)
	if err == nil {
		defer m.release()
		outcome, err = p.probe(ctx, s, m, client)
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("gitfleet: pool %s: key %q: check: %w", p.config.Provider, m.label, p.veiled(err))
}

// probe asks about a key whose client is open, and books a clear answer.
func (p *Pool[C]) probe(ctx context.Context, s *settings, m *member[C], client C) (Outcome, error) {
	if p.config.Probe == nil {
		return Succeeded, nil
	}
	m.probing.Lock()
	defer m.probing.Unlock()
	err := p.config.Probe(ctx, client)
	if err == nil {
		m.succeeded()
		return Succeeded, p.manager.MarkValid(m.id)
	}
	v := s.verdict(err, p.config.Classify)
	if v.Outcome == Dead {
		return Dead, p.manager.MarkInvalid(m.id, p.veil(err.Error()))
	}
	return v.Outcome, err
}

// bury decides about a key that a call found dead and that is suspect now (I12).
func (p *Pool[C]) bury(ctx context.Context, m *member[C], client C, found error) {
	if p.config.Probe == nil {
		if m.died() >= deadly {
			_ = p.manager.MarkInvalid(m.id, p.veil(found.Error())) // it may have left
		}
		return
	}
	if !m.probing.TryLock() {
		return // somebody is asking
	}
	m.probing.Unlock()
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	_, _ = p.probe(ctx, p.settings.Load(), m, client) // without a clear answer it stays suspect
}
