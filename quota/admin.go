package quota

import (
	"errors"
	"net/http"
)

// administer lets only those through who send the admin's key.
func (s *Server) administer(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if key, ok := keyOf(r); !ok || !isEqual(key, s.admin) {
			refuse(w, http.StatusUnauthorized, code(http.StatusUnauthorized), "this needs the admin's key")
			return
		}
		next(w, r)
	}
}

func (s *Server) postApplication(w http.ResponseWriter, r *http.Request) {
	var a Application
	if !read(w, r, &a) {
		return
	}
	if err := s.AddApplication(a); err != nil {
		refuseFor(w, err)
		return
	}
	answer(w, http.StatusCreated, a)
}

func (s *Server) getRules(w http.ResponseWriter, r *http.Request) {
	rules := s.Rules(r.PathValue("application"))
	if rules == nil {
		refuse(w, http.StatusNotFound, code(http.StatusNotFound), "there is no such application")
		return
	}
	answer(w, http.StatusOK, rules)
}

func (s *Server) postRule(w http.ResponseWriter, r *http.Request) {
	var spec RuleSpec
	if !read(w, r, &spec) {
		return
	}
	made, err := s.AddRule(r.PathValue("application"), spec)
	if err != nil {
		refuseFor(w, err)
		return
	}
	answer(w, http.StatusCreated, made)
}

func (s *Server) deleteRule(w http.ResponseWriter, r *http.Request) {
	if !s.RemoveRule(r.PathValue("application"), r.PathValue("rule")) {
		refuse(w, http.StatusNotFound, code(http.StatusNotFound), "there is no such rule")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// refuseFor answers with the status that an error of the server stands for.
func refuseFor(w http.ResponseWriter, err error) {
	status := http.StatusUnprocessableEntity
	for _, s := range []int{http.StatusNotFound, http.StatusConflict} {
		if errors.Is(err, ofStatus[s]) {
			status = s
		}
	}
	refuse(w, status, code(status), err.Error())
}
