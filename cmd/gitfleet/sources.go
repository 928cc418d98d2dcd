package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gitfleet/gitfleet/tokens"
)

// The places where tokens come from, as --tokens-from names them.
const (
	fromEnv      = "env"
	fromConfig   = "config"
	fromKeychain = "keychain"
	fromGH       = "gh"
	fromGLab     = "glab"
)

// places returns the places to look at: those that --tokens-from names, else the
// environment and the configuration, and what that asks for by name.
func (t *tool) places(c *configuration) ([]string, error) {
	if len(t.flags.sources) == 0 {
		places := []string{fromEnv, fromConfig}
		if c.gh {
			places = append(places, fromGH)
		}
		if c.glab {
			places = append(places, fromGLab)
		}
		return places, nil
	}
	for _, p := range t.flags.sources {
		if !slices.Contains([]string{fromEnv, fromConfig, fromKeychain, fromGH, fromGLab}, p) {
			return nil, &usageError{err: fmt.Errorf("--tokens-from has %s: want some of env, config, keychain, gh, glab", quoted(p))}
		}
	}
	return t.flags.sources, nil
}

// gather returns the tokens of all places. None at all is no error: it shows
// when a token is needed.
func (t *tool) gather(ctx context.Context, c *configuration) ([]tokens.Token, error) {
	places, err := t.places(c)
	if err != nil {
		return nil, err
	}
	var all []tokens.Token
	for _, place := range places {
		ts, err := t.from(ctx, place, c)
		if err != nil && (!errors.Is(err, tokens.ErrNoTokens) || place == fromConfig) {
			return nil, &usageError{err: err}
		}
		for _, token := range ts {
			t.hide.add(token.Secret.Reveal())
		}
		all = append(all, ts...)
	}
	return all, nil
}

func (t *tool) from(ctx context.Context, place string, c *configuration) ([]tokens.Token, error) {
	switch place {
	case fromConfig:
		return t.fromConfig(ctx, c)
	case fromKeychain:
		return t.fromKeychain()
	case fromGH:
		return ghTokens()
	case fromGLab:
		return glabTokens()
	}
	return tokens.Env().Tokens(ctx)
}

// fromConfig gets the tokens that the configuration lists.
func (t *tool) fromConfig(ctx context.Context, c *configuration) ([]tokens.Token, error) {
	var all []tokens.Token
	for _, e := range c.tokens {
		ts, err := e.get(ctx)
		if err != nil {
			return nil, fmt.Errorf("configuration %s: line %d: %w", t.configPath(), e.line, trimmed(err))
		}
		all = append(all, ts...)
	}
	return all, nil
}

// trimmed is an error without the prefix that is written before it anyway.
func trimmed(err error) error { return shortened{err} }

type shortened struct{ error }

func (s shortened) Error() string { return strings.TrimPrefix(s.error.Error(), "gitfleet: ") }
func (s shortened) Unwrap() error { return s.error }

// get returns the tokens of an entry, each as the entry declares it.
func (e tokenEntry) get(ctx context.Context) ([]tokens.Token, error) {
	var ts []tokens.Token
	var err error
	switch p := e.token.Provider; {
	case len(e.command) > 0:
		ts, err = tokens.Command(p, e.command[0], e.command[1:]...).Tokens(ctx)
	case e.file != "":
		ts, err = tokens.File(p, e.file).Tokens(ctx)
	case e.keychain != "":
		service, user, _ := strings.Cut(e.keychain, "/")
		var secret string
		if secret, err = keychainGet(service, user); err == nil {
			ts = []tokens.Token{{Secret: tokens.Static(secret)}}
		}
	default:
		ts = []tokens.Token{{Secret: tokens.Static(e.secret)}}
	}
	if err != nil {
		return nil, err
	}
	for i := range ts {
		ts[i] = e.declare(ts[i], len(ts) == 1)
	}
	return ts, nil
}

// declare adds to a token what the entry says. The label is of one token only.
func (e tokenEntry) declare(found tokens.Token, only bool) tokens.Token {
	t := e.token
	t.Secret = found.Secret
	if t.Host == "" {
		t.Host = found.Host
	}
	if t.User == "" {
		t.User = found.User
	}
	if t.Expires.IsZero() {
		t.Expires = found.Expires
	}
	if found.Label != "" && (!only || t.Label == "") {
		t.Label = found.Label
	} else if !only {
		t.Label = ""
	}
	return t
}
