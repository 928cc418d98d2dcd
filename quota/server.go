package quota

import (
	"cmp"
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// ServerConfig says what a [Server] goes by. The zero value is a server in memory
// whose applications are declared in Go.
type ServerConfig struct {
	Store Store // defaults to a new MemoryStore
	Admin Key   // allows to declare applications and rules over HTTP; none forbids it
}

// Server is a quota service: an [http.Handler] that clients of LightRate's protocol
// can be pointed at. [NewServer] makes one. It is safe for concurrent use, starts no
// goroutine and writes no log.
//
//	POST /api/v1/tokens/consume
//
// takes applicationId, userIdentifier, tokensRequested, and operation, or path with
// httpMethod, or neither, as JSON, with the application's key as a bearer token or in
// x-api-key. It answers 200 with tokensRemaining, tokensConsumed, throttles and rule;
// a denial has tokensConsumed 0. Tokens are given all or none, unless
// tokensRequestedForDefaultBucketMatch is there, as in requests for a local bucket:
// then a rule's bucket gives what it has, at most tokensRequested, and the default
// bucket as many as that field says, all or none. An Idempotency-Key header makes a
// repetition within five minutes have the first answer's effect.
//
// A body that is no such JSON gets 400, a missing or unknown key 401, the key of
// another application 403, an unknown application 404, what [Request.Validate] refuses
// 422, and all of these a JSON body of error and message.
//
// With ServerConfig.Admin, a client that sends that key may also use
//
//	POST   /api/v1/applications                             an Application
//	GET    /api/v1/applications/{application}/rules
//	POST   /api/v1/applications/{application}/rules         a RuleSpec
//	DELETE /api/v1/applications/{application}/rules/{rule}
//
// where a duplicate gets 409.
type Server struct {
	store Store
	admin digest
	mux   *http.ServeMux

	mu           sync.RWMutex // guards what follows
	applications map[string]*application
	keys         map[digest]bool
}

// NewServer returns a server without applications.
func NewServer(config ServerConfig) *Server {
	s := &Server{
		store:        config.Store,
		mux:          http.NewServeMux(),
		applications: map[string]*application{},
		keys:         map[digest]bool{},
	}
	if s.store == nil {
		s.store = NewMemoryStore()
	}
	s.mux.HandleFunc("POST "+consumePath, s.consume)
	if key := config.Admin.Reveal(); key != "" {
		s.admin = digestOf(key)
		s.mux.HandleFunc("POST /api/v1/applications", s.administer(s.postApplication))
		s.mux.HandleFunc("GET /api/v1/applications/{application}/rules", s.administer(s.getRules))
		s.mux.HandleFunc("POST /api/v1/applications/{application}/rules", s.administer(s.postRule))
		s.mux.HandleFunc("DELETE /api/v1/applications/{application}/rules/{rule}", s.administer(s.deleteRule))
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "not_found", "there is no such endpoint")
	})
	return s
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// AddApplication declares an application. The error is a [*ConfigError], or matches
// [ErrConflict] if its ID is taken.
func (s *Server) AddApplication(a Application) error {
	if problems := a.problems(); problems != nil {
		return &ConfigError{Problems: problems}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.applications[a.ID] != nil {
		return fmt.Errorf("%w: there is an application %q", ErrConflict, a.ID)
	}
	known := &application{Application: a, key: digestOf(a.Key.Reveal())}
	known.Key = Key{} // the digest is enough
	s.applications[a.ID] = known
	s.keys[known.key] = true
	return nil
}

// AddRule declares a rule of an application and returns it with its ID. The error is a
// [*ConfigError], or matches [ErrNotFound] if there is no such application and
// [ErrConflict] if a rule has the same ID, operation, or path and method.
func (s *Server) AddRule(application string, spec RuleSpec) (RuleSpec, error) {
	if problems := spec.problems(); problems != nil {
		return RuleSpec{}, &ConfigError{Problems: problems}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.applications[application]
	if a == nil {
		return RuleSpec{}, fmt.Errorf("%w: no application %q", ErrNotFound, application)
	}
	return a.add(spec)
}

// RemoveRule takes a rule away. What it matched falls under another rule or the default
// bucket from then on. It reports whether there was one.
func (s *Server) RemoveRule(application, rule string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.applications[application]
	if a == nil {
		return false
	}
	before := len(a.rules)
	a.rules = slices.DeleteFunc(a.rules, func(r *serverRule) bool { return r.spec.ID == rule })
	return len(a.rules) < before
}

// Rules returns the rules of an application in the order in which they are tried.
func (s *Server) Rules(application string) []RuleSpec {
	s.mu.RLock()
	defer s.mu.RUnlock()
	a := s.applications[application]
	if a == nil {
		return nil
	}
	list := make([]RuleSpec, len(a.rules))
	for i, r := range a.rules {
		list[i] = r.spec
	}
	return list
}

// keyOf returns the digest of the key that the request bears, in either header.
func keyOf(r *http.Request) (digest, bool) {
	const scheme = "bearer "
	key := r.Header.Get(string(XAPIKey))
	if h := r.Header.Get(string(Bearer)); len(h) > len(scheme) && strings.EqualFold(h[:len(scheme)], scheme) {
		key = cmp.Or(key, h[len(scheme):])
	}
	return digestOf(key), key != ""
}

func isEqual(a, b digest) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }
