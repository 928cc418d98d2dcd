package main

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
)

// redacted stands for a secret wherever one would be shown.
const redacted = "[secret]"

// tokenShape is what the hosts' tokens look like (GitHub Docs, "About
// authentication to GitHub"; GitLab docs, "Token prefixes"; Atlassian Support,
// "Access tokens" and "API tokens").
var tokenShape = regexp.MustCompile(`(?:gh[pousr]_|github_pat_|gl(?:pat|oas|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)-|AT[A-Z]TT3|ATBB|eyJ)[A-Za-z0-9_=.-]{10,}`)

// redactor keeps secrets off the screen (invariant I1), also those that were put
// in the wrong place: a token given as an argument or pasted as a label.
type redactor struct {
	mu      sync.Mutex
	secrets []string
}

// newRedactor knows the secrets in the environment.
func newRedactor() *redactor {
	r := &redactor{}
	for _, names := range envNames {
		for _, name := range names {
			for entry := range strings.SplitSeq(os.Getenv(name), ",") {
				r.add(secretOf(entry))
			}
		}
	}
	return r
}

// secretOf returns the secret of an entry "[label] [user:]secret [base-url]".
func secretOf(entry string) string {
	words := strings.Fields(entry)
	for i := len(words) - 1; i >= 0; i-- {
		if strings.Contains(words[i], "://") {
			continue
		}
		if _, secret, ok := strings.Cut(words[i], ":"); ok {
			return secret
		}
		return words[i]
	}
	return ""
}

// minSecret is the length below which a word is not looked for: it may be part of
// what is to be shown.
const minSecret = 16

func (r *redactor) add(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range secrets {
		if len(s) >= minSecret {
			r.secrets = append(r.secrets, s)
		}
	}
}

func (r *redactor) clean(text []byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.secrets {
		text = bytes.ReplaceAll(text, []byte(s), []byte(redacted))
	}
	return tokenShape.ReplaceAll(text, []byte(redacted))
}

// writer returns a writer to w of what is cleaned. Every Write is of whole lines.
func (r *redactor) writer(w io.Writer) io.Writer { return redacting{r, w} }

type redacting struct {
	*redactor
	to io.Writer
}

// Write implements [io.Writer].
func (r redacting) Write(p []byte) (int, error) {
	if _, err := r.to.Write(r.clean(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
