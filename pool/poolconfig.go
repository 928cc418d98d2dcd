package pool

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// PoolConfig is how a pool behaves. As JSON it has the names and, for fields that
// are missing or null, the defaults of apipool-ng; durations are in seconds there.
// In Go the defaults are those of [DefaultPoolConfig], and a zero is a zero.
type PoolConfig struct {
	// Concurrency is how many functions of the pool may run at once, whatever
	// starts them. 0 is no bound, which is the default.
	Concurrency int

	// Timeout is how long one attempt may take before its context ends. 0 is no
	// bound. The default is 30 s. Waiting for a key is not counted.
	Timeout time.Duration

	// RateLimit is how many calls of one key may be made in any RateLimitInterval;
	// calls beyond it go to another key or wait. 0 is no bound, which is the
	// default. The interval is in whole seconds; its default is 60 s.
	RateLimit         int
	RateLimitInterval time.Duration

	// RetryOnFailure sends a call that failed on to another key, up to MaxRetries
	// times; keys that have not failed the call come first. Limits and dead keys
	// always move the call on and are not counted. The defaults are false and 0.
	RetryOnFailure bool
	MaxRetries     int

	// BatchRetryOnFailure and BatchMaxRetries are the same for calls with
	// [Call].Batch. Nil, the default, means what the two above say.
	BatchRetryOnFailure *bool
	BatchMaxRetries     *int

	// BanThreshold is how many failures of a key in a row have it rest for
	// BanDuration, and the second that follows every rest. 0 never bans. The defaults
	// are 3 and 300 s.
	BanThreshold int
	BanDuration  time.Duration

	// ReachLimitException names the one of [Config].Matchers that tells limits. It
	// is asked before [Config].Classify. Empty, the default, asks none.
	ReachLimitException string

	// RotationStrategy is how keys are chosen, a name that [tokens.ParseStrategy]
	// knows. The default is "random".
	RotationStrategy string

	// ClientType names the kind of client that the configuration is for. Where
	// [Config].ClientType is set another one is refused. Empty fits all.
	ClientType string

	// Custom is the user's own.
	Custom map[string]json.RawMessage
}

// DefaultPoolConfig returns the defaults.
func DefaultPoolConfig() PoolConfig {
	return PoolConfig{
		Timeout:           30 * time.Second,
		RateLimitInterval: time.Minute,
		BanThreshold:      3,
		BanDuration:       5 * time.Minute,
		RotationStrategy:  "random",
	}
}

// poolJSON is the form that a PoolConfig has as JSON.
type poolJSON struct {
	Concurrency         *int                       `json:"concurrency"`
	Timeout             *float64                   `json:"timeout"`
	RateLimit           *int                       `json:"rate_limit"`
	RateLimitInterval   *int64                     `json:"rate_limit_interval"`
	RetryOnFailure      *bool                      `json:"retry_on_failure"`
	MaxRetries          *int                       `json:"max_retries"`
	Custom              map[string]json.RawMessage `json:"custom"`
	BatchRetryOnFailure *bool                      `json:"batch_retry_on_failure"`
	BatchMaxRetries     *int                       `json:"batch_max_retries"`
	BanThreshold        *int                       `json:"ban_threshold"`
	BanDuration         *float64                   `json:"ban_duration"`
	ReachLimitException *string                    `json:"reach_limit_exception"`
	RotationStrategy    *string                    `json:"rotation_strategy"`
	ClientType          string                     `json:"client_type"`
}

// MarshalJSON implements [json.Marshaler].
func (c PoolConfig) MarshalJSON() ([]byte, error) {
	j := poolJSON{
		Concurrency:         &c.Concurrency,
		Timeout:             new(c.Timeout.Seconds()),
		RateLimit:           &c.RateLimit,
		RateLimitInterval:   new(int64(c.RateLimitInterval / time.Second)),
		RetryOnFailure:      &c.RetryOnFailure,
		MaxRetries:          &c.MaxRetries,
		Custom:              c.Custom,
		BatchRetryOnFailure: c.BatchRetryOnFailure,
		BatchMaxRetries:     c.BatchMaxRetries,
		BanThreshold:        &c.BanThreshold,
		BanDuration:         new(c.BanDuration.Seconds()),
		RotationStrategy:    &c.RotationStrategy,
		ClientType:          c.ClientType,
	}
	if c.ReachLimitException != "" {
		j.ReachLimitException = &c.ReachLimitException
	}
	if j.Custom == nil {
		j.Custom = map[string]json.RawMessage{}
	}
	return json.Marshal(j)
}

// UnmarshalJSON implements [json.Unmarshaler]. Fields that it does not know are
// left out, since a server may be newer.
func (c *PoolConfig) UnmarshalJSON(text []byte) error {
	var j poolJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return fmt.Errorf("gitfleet: pool configuration: %w", err)
	}
	d := DefaultPoolConfig()
	timeout, bad := seconds(j.Timeout, d.Timeout)
	ban, badBan := seconds(j.BanDuration, d.BanDuration)
	interval, badInterval := seconds(asFloat(j.RateLimitInterval), d.RateLimitInterval)
	if bad || badBan || badInterval {
		return errors.New("gitfleet: pool configuration: a duration is out of range")
	}
	*c = PoolConfig{
		Concurrency:         or(j.Concurrency, d.Concurrency),
		Timeout:             timeout,
		RateLimit:           or(j.RateLimit, d.RateLimit),
		RateLimitInterval:   interval,
		RetryOnFailure:      or(j.RetryOnFailure, d.RetryOnFailure),
		MaxRetries:          or(j.MaxRetries, d.MaxRetries),
		BatchRetryOnFailure: j.BatchRetryOnFailure,
		BatchMaxRetries:     j.BatchMaxRetries,
		BanThreshold:        or(j.BanThreshold, d.BanThreshold),
		BanDuration:         ban,
		ReachLimitException: or(j.ReachLimitException, ""),
		RotationStrategy:    or(j.RotationStrategy, d.RotationStrategy),
		ClientType:          j.ClientType,
		Custom:              j.Custom,
	}
	return nil
}

func or[T any](v *T, otherwise T) T {
	if v == nil {
		return otherwise
	}
	return *v
}

func asFloat(n *int64) *float64 {
	if n == nil {
		return nil
	}
	return new(float64(*n))
}

// seconds returns a number of seconds as a duration; bad is true if it is too large.
func seconds(s *float64, otherwise time.Duration) (d time.Duration, bad bool) {
	if s == nil {
		return otherwise, false
	}
	ns := *s * float64(time.Second)
	if math.Abs(ns) >= math.MaxInt64 {
		return 0, true
	}
	return time.Duration(math.Round(ns)), false
}

// Validate reports all that is wrong with the configuration by itself. What it
// says of matchers and client types only a [Pool] can tell.
func (c PoolConfig) Validate() error {
	var errs []error
	wrong := func(field string, value any, want string) {
		errs = append(errs, fmt.Errorf("%s is %v: want %s", field, value, want))
	}
	for _, n := range [...]struct {
		field string
		value int
	}{
		{"concurrency", c.Concurrency}, {"rate_limit", c.RateLimit}, {"max_retries", c.MaxRetries},
		{"batch_max_retries", or(c.BatchMaxRetries, 0)}, {"ban_threshold", c.BanThreshold},
	} {
		if n.value < 0 {
			wrong(n.field, n.value, "0 or more")
		}
	}
	if c.Timeout < 0 {
		wrong("timeout", c.Timeout, "0 or more")
	}
	if c.RateLimitInterval < 0 || c.RateLimitInterval%time.Second != 0 || c.RateLimit > 0 && c.RateLimitInterval == 0 {
		wrong("rate_limit_interval", c.RateLimitInterval, "whole seconds, at least 1")
	}
	if c.BanDuration < 0 || c.BanThreshold > 0 && c.BanDuration == 0 {
		wrong("ban_duration", c.BanDuration, "more than 0, or a ban_threshold of 0")
	}
	if _, err := tokens.ParseStrategy(c.RotationStrategy); err != nil {
		errs = append(errs, fmt.Errorf("rotation_strategy: %w", err))
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("gitfleet: pool configuration: %w", errors.Join(errs...))
}

// retries returns whether and how often a call that failed goes on.
func (c PoolConfig) retries(batch bool) int {
	retry, n := c.RetryOnFailure, c.MaxRetries
	if batch {
		retry, n = or(c.BatchRetryOnFailure, retry), or(c.BatchMaxRetries, n)
	}
	if !retry {
		return 0
	}
	return n
}

func (c PoolConfig) clone() PoolConfig {
	c.Custom = maps.Clone(c.Custom)
	if c.BatchRetryOnFailure != nil {
		c.BatchRetryOnFailure = new(*c.BatchRetryOnFailure)
	}
	if c.BatchMaxRetries != nil {
		c.BatchMaxRetries = new(*c.BatchMaxRetries)
	}
	return c
}
