package github_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
)

func TestI15_an_answer_with_more_than_its_JSON_is_malformed(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"id": 1} {"id": 2}`, `{"id": 1}]`, `{"id": 1}<html>`} {
		_, err := told(map[string]string{"/repos/acme/web": body}).client(t).FetchRepository(t.Context(), "acme/web")
		wantError(t, err, providers.ErrMalformed, "after top-level value")
	}
	for _, body := range []string{"", " \n"} {
		_, err := told(map[string]string{"/repos/acme/web": body}).client(t).FetchRepository(t.Context(), "acme/web")
		wantError(t, err, providers.ErrMalformed, "the answer is empty")
	}
}

// Answers are read into memory that is used again.
func TestDriver_records_stay_as_they_are_when_others_are_read(t *testing.T) {
	t.Parallel()
	s := told(nil)
	for i := range 20 { // the later, the shorter
		s.answers[fmt.Sprintf("/repos/acme/web%d", i)] = reply{body: fmt.Sprintf(`{"id": %d, "description": %q}`, i+1, text(i))}
	}
	c := s.client(t)
	var all []providers.Repository
	for i := range 20 {
		r, err := c.FetchRepository(t.Context(), fmt.Sprintf("acme/web%d", i), providers.Raw())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	for i, r := range all {
		if r.Description != text(i) || string(r.Raw) != s.answers[fmt.Sprintf("/repos/acme/web%d", i)].body {
			t.Errorf("record %d is %.80s: %.80s", i, r.Description, r.Raw)
		}
	}
}

func text(i int) string { return strings.Repeat(string(rune('a'+i)), 1000-10*i) }
