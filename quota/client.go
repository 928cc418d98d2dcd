package quota

import (
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Client asks a quota service and keeps local buckets of tokens. [New] makes one.
//
// A Client writes nothing, starts nothing when it is made, and is safe for concurrent
// use. Fetches that it began end with it, see [Client.Close]. The API key appears in
// no error and in nothing that is printed.
type Client struct {
	settings Config
	endpoint string
	http     *http.Client

	born   time.Time // what the times of buckets are counted from
	seed   maphash.Seed
	shards [shards]shard
	rules  ruleBook

	life context.Context
	end  context.CancelFunc

	sweeper sweeper
}

// New returns a client of the application that key belongs to. It makes no call.
// Its error is a [*ConfigError] that lists every problem.
func New(key, application string, options ...Option) (*Client, error) {
	s := settings{
		Config: Config{
			Key:         NewKey(key),
			Application: application,
			BaseURL:     DefaultBaseURL,
			Timeout:     DefaultTimeout,
			Retries:     DefaultRetries,
			BucketSize:  DefaultBucketSize,
			AuthHeader:  Bearer,
		},
		http: &http.Client{},
	}
	for _, o := range options {
		o(&s)
	}
	if problems := s.problems(); problems != nil {
		return nil, &ConfigError{Problems: problems}
	}
	hc := *s.http
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c := &Client{
		settings: s.Config,
		endpoint: strings.TrimRight(s.BaseURL, "/") + consumePath,
		http:     &hc,
		born:     time.Now(),
		seed:     maphash.MakeSeed(),
	}
	c.life, c.end = context.WithCancel(context.Background())
	for i := range c.shards {
		c.shards[i].buckets = map[bucketKey]*bucket{}
		c.shards[i].flights = map[flightKey]*flight{}
	}
	c.rules.reset()
	c.sweeper.sweep = c.evict
	return c, nil
}

// problems lists what is wrong with s, nil if nothing is.
func (s *settings) problems() []string {
	var problems []string
	complain := func(wrong bool, format string, args ...any) {
		if wrong {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	key := s.Key.Reveal()
	complain(key == "", "no API key")
	complain(strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r == 0x7f }),
		"the API key holds white space or control characters")
	complain(s.Application == "", "no application id")
	complain(strings.ContainsFunc(s.Application, func(r rune) bool { return r < ' ' || r == 0x7f }),
		"the application id holds control characters")
	u, err := url.Parse(s.BaseURL)
	complain(err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "",
		"the base URL must be http or https with a host, without user, query and fragment")
	complain(s.Timeout < 0, "timeout %v is negative", s.Timeout)
	complain(s.Retries < 0, "%d retries are negative", s.Retries)
	complain(s.BucketSize < 0, "bucket size %d is negative", s.BucketSize)
	for t, n := range s.BucketSizes {
		complain(n < 0, "bucket size %d of %v is negative", n, t)
	}
	complain(s.AuthHeader != Bearer && s.AuthHeader != XAPIKey, "auth header %q is neither Bearer nor XAPIKey", string(s.AuthHeader))
	complain(s.http == nil, "the HTTP client is nil")
	return problems
}

// Config returns what the client goes by.
func (c *Client) Config() Config {
	config := c.settings
	config.BucketSizes = maps.Clone(config.BucketSizes)
	return config
}

// Close ends the fetches that are under way and drops the local buckets. Calls after
// it return [ErrClosed].
func (c *Client) Close() {
	c.end()
	c.Reset()
	c.sweeper.stop()
}

// sizeFor returns the size of the bucket for t.
func (c *Client) sizeFor(t Target) int {
	if n, ok := c.settings.BucketSizes[t]; ok {
		return n
	}
	if n, ok := c.settings.BucketSizes[Target{Path: t.Path}]; ok && t.Path != "" {
		return n
	}
	return c.settings.BucketSize
}

// now returns the time since the client was made. It costs half of what [time.Now]
// does.
func (c *Client) now() time.Duration { return time.Since(c.born) }

// A sweeper calls sweep after a time, as long as that asks for more. It has a timer
// and no goroutine.
type sweeper struct {
	mu      sync.Mutex
	timer   *time.Timer
	armed   bool
	stopped bool
	sweep   func() (next time.Duration) // 0 if nothing is left
}

// arm has sweep called after d, unless it is going to be called anyway.
func (s *sweeper) arm(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.armed || s.stopped {
		return
	}
	s.armed = true
	s.timer = time.AfterFunc(d, s.run)
}

func (s *sweeper) run() {
	s.mu.Lock()
	s.armed = false
	s.mu.Unlock()
	if next := s.sweep(); next > 0 {
		s.arm(max(next, time.Second))
	}
}

func (s *sweeper) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	if s.timer != nil {
		s.timer.Stop()
	}
}
