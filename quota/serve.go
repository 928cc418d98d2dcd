package quota

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
)

// consume answers a request for tokens.
func (s *Server) consume(w http.ResponseWriter, r *http.Request) {
	key, ok := keyOf(r)
	if !ok || !s.knows(key) {
		refuse(w, http.StatusUnauthorized, "unauthorized", "the API key is missing or unknown")
		return
	}
	var form consumeRequest
	if !read(w, r, &form) {
		return
	}
	rule, status, why := s.ruleOf(key, form, r.Header.Get(applicationHeader))
	if status != http.StatusOK {
		refuse(w, status, code(status), why)
		return
	}
	drawn, err := s.store.Take(r.Context(), drawFor(form, rule, r.Header.Get(onceHeader)))
	switch {
	case errors.Is(err, ErrKeyReused):
		refuse(w, http.StatusUnprocessableEntity, code(http.StatusUnprocessableEntity), "the idempotency key was used for another request")
	case err != nil:
		refuse(w, http.StatusServiceUnavailable, code(http.StatusServiceUnavailable), "the buckets cannot be reached")
	default:
		answer(w, http.StatusOK, consumeAnswer{
			Remaining: drawn.Remaining,
			Consumed:  &drawn.Consumed,
			Throttles: drawn.Throttles,
			Rule:      formOf(rule),
		})
	}
}

// knows reports whether the key is that of any application.
func (s *Server) knows(key digest) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.keys[key]
}

// ruleOf returns the rule that a request falls under, or the status of its refusal.
func (s *Server) ruleOf(key digest, form consumeRequest, header string) (rule Rule, status int, why string) {
	r := requestOf(form)
	s.mu.RLock()
	defer s.mu.RUnlock()
	a := s.applications[form.Application]
	switch {
	case form.Application == "":
		return Rule{}, http.StatusUnprocessableEntity, "no applicationId"
	case header != "" && header != form.Application:
		return Rule{}, http.StatusUnprocessableEntity, applicationHeader + " and applicationId differ"
	case a == nil:
		return Rule{}, http.StatusNotFound, "there is no such application"
	case !isEqual(a.key, key):
		return Rule{}, http.StatusForbidden, "the API key is for another application"
	}
	if err := r.Validate(); err != nil {
		return Rule{}, http.StatusUnprocessableEntity, strings.TrimPrefix(err.Error(), "quota: ")
	}
	if d := form.ForDefault; r.Tokens > math.MaxInt32 || d != nil && (*d < 1 || *d > math.MaxInt32) {
		return Rule{}, http.StatusUnprocessableEntity, "a number of tokens is not from 1 to 2147483647"
	}
	return a.ruleFor(r.Target), http.StatusOK, ""
}

func requestOf(form consumeRequest) Request {
	return Request{
		User:   form.User,
		Tokens: form.Tokens,
		Target: Target{
			Operation: given(form.Operation),
			Path:      given(form.Path),
			Method:    given(form.Method), // in any case, as matchers compare it
		},
	}
}

// drawFor returns what a request takes from the bucket of rule. A client that fills a
// local bucket says how much it wants if there is to be none.
func drawFor(form consumeRequest, rule Rule, once string) Draw {
	d := Draw{
		Bucket: BucketID{Application: form.Application, Rule: rule.ID, User: form.User},
		Refill: rule.RefillRate,
		Burst:  rule.BurstRate,
		Tokens: form.Tokens,
		Once:   once,
	}
	switch {
	case form.ForDefault == nil:
	case rule.IsDefault:
		d.Tokens = *form.ForDefault
	default:
		d.Partial = true
	}
	return d
}

// read reads the JSON body into v, or refuses it.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		err = json.Unmarshal(body, v)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, code(http.StatusBadRequest), "the body is not the JSON that belongs here")
	}
	return err == nil
}

// code is the word for a status in the body of a refusal.
func code(status int) string {
	return strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_")
}
