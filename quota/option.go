package quota

import (
	"maps"
	"net/http"
	"time"
)

// What a [Client] does unless an [Option] says otherwise.
const (
	DefaultBaseURL    = "https://api.lightrate.lightbournetechnologies.ca"
	DefaultTimeout    = 30 * time.Second
	DefaultRetries    = 3
	DefaultBucketSize = 5
)

// AuthHeader is the way the API key is sent.
type AuthHeader string

const (
	// Bearer sends "Authorization: Bearer KEY", as LightRate's clients do. It is the
	// default.
	Bearer AuthHeader = "Authorization"
	// XAPIKey sends "x-api-key: KEY", as LightRate's documentation says.
	XAPIKey AuthHeader = "X-Api-Key"
)

// Config is what a [Client] goes by. It can be printed: the key reads "[secret]".
type Config struct {
	Key         Key
	Application string
	BaseURL     string         // what stands before /api/v1/tokens/consume
	Timeout     time.Duration  // of one attempt; 0 is none
	Retries     int            // attempts after the first
	BucketSize  int            // tokens of a local bucket; 0 asks the service each time
	BucketSizes map[Target]int // for these instead of BucketSize
	AuthHeader  AuthHeader
	FailOpen    bool
}

// Option changes one setting of a [Client].
type Option func(*settings)

type settings struct {
	Config
	http *http.Client
}

// WithTimeout ends an attempt that has no answer after d. The default is 30 seconds;
// 0 waits as long as it takes.
func WithTimeout(d time.Duration) Option { return func(s *settings) { s.Timeout = d } }

// WithRetries sends a request up to n times more after a timeout, a network error
// and the statuses 429, 500, 502, 503 and 504. The default is 3; 0 never does.
//
// All attempts of a request bear the same Idempotency-Key, by which a [Server] knows
// that it has counted the request already. A service that ignores the header may count
// an attempt whose answer was lost.
func WithRetries(n int) Option { return func(s *settings) { s.Retries = n } }

// WithBucketSize fetches tokens in batches of n for each local bucket. The default
// is 5. With 0 there are no local buckets.
func WithBucketSize(n int) Option { return func(s *settings) { s.BucketSize = n } }

// WithBucketSizeFor is [WithBucketSize] for requests for t alone. A path without a
// method stands for all methods.
func WithBucketSizeFor(t Target, n int) Option {
	return func(s *settings) {
		s.BucketSizes = maps.Clone(s.BucketSizes)
		if s.BucketSizes == nil {
			s.BucketSizes = map[Target]int{}
		}
		s.BucketSizes[t] = n
	}
}

// WithBaseURL asks the service at url, such as "http://localhost:8080".
func WithBaseURL(url string) Option { return func(s *settings) { s.BaseURL = url } }

// WithHTTPClient sends requests through a copy of hc that follows no redirects,
// since those would carry the API key to another place. The default is a client of
// [http.DefaultTransport].
func WithHTTPClient(hc *http.Client) Option { return func(s *settings) { s.http = hc } }

// WithAuthHeader chooses how the API key is sent, [Bearer] by default.
func WithAuthHeader(h AuthHeader) Option { return func(s *settings) { s.AuthHeader = h } }

// WithFailOpen says what happens when the service cannot be asked: a timeout, a
// network error, a 429 for the API key or a 5xx, after all retries. True allows, and
// [Decision.FailedOpen] tells; false, the default, returns the error. An answer that
// finds fault with the request or the key is an error in either case. It concerns
// Allow, AllowN, Wait and [Middleware], not Consume.
func WithFailOpen(open bool) Option { return func(s *settings) { s.FailOpen = open } }
