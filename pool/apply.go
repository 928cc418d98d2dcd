package pool

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gitfleet/gitfleet/tokens"
)

// settings is a PoolConfig that is in force.
type settings struct {
	PoolConfig
	matcher Matcher // nil is none
}

// Apply changes how the pool behaves, as a whole: calls that begin from now on keep
// to c, and those that run keep to what they began with, but for Concurrency,
// RateLimit and RotationStrategy, which are the pool's. If anything in c is wrong,
// the error tells all of it and nothing changes. Apply may be called at any time.
func (p *Pool[C]) Apply(c PoolConfig) error {
	c = c.clone()
	matcher, err := p.check(c)
	if err != nil {
		return err
	}
	strategy, err := tokens.ParseStrategy(c.RotationStrategy)
	if err != nil {
		return err
	}
	p.applying.Lock()
	defer p.applying.Unlock()
	was := p.settings.Load()
	p.settings.Store(&settings{PoolConfig: c, matcher: matcher})
	p.gate.resize(c.Concurrency)
	if was == nil || was.RotationStrategy != c.RotationStrategy {
		p.host.SetStrategy(strategy)
	}
	if was == nil || was.RateLimit != c.RateLimit || was.RateLimitInterval != c.RateLimitInterval {
		p.host.SetRate(int64(c.RateLimit), c.RateLimitInterval)
	}
	return nil
}

// Config returns a copy of what the pool keeps to.
func (p *Pool[C]) Config() PoolConfig { return p.settings.Load().clone() }

// check validates c for this pool and finds its matcher.
func (p *Pool[C]) check(c PoolConfig) (Matcher, error) {
	errs := []error{c.Validate()}
	matcher := p.config.Matchers[c.ReachLimitException]
	if c.ReachLimitException != "" && matcher == nil {
		errs = append(errs, fmt.Errorf("gitfleet: pool configuration: reach_limit_exception is %q: want one of Config.Matchers: %s",
			c.ReachLimitException, strings.Join(slices.Sorted(maps.Keys(p.config.Matchers)), ", ")))
	}
	if c.ClientType != "" && p.config.ClientType != "" && c.ClientType != p.config.ClientType {
		errs = append(errs, fmt.Errorf("gitfleet: pool configuration: client_type is %q: this pool opens clients of type %q", c.ClientType, p.config.ClientType))
	}
	return matcher, errors.Join(errs...)
}
