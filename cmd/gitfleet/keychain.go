package main

import (
	"errors"
	"fmt"

	"github.com/zalando/go-keyring"

	"github.com/gitfleet/gitfleet/tokens"
)

// keychainService is where gitfleet keeps tokens in the system's keychain: one
// item for each provider, under its name.
const keychainService = "gitfleet"

// keychainGet returns a secret of the system's keychain.
func keychainGet(service, user string) (string, error) {
	secret, err := keyring.Get(service, user)
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return "", fmt.Errorf("keychain: there is no item %s of the service %s", quoted(user), quoted(service))
	case err != nil:
		return "", fmt.Errorf("keychain: %w", err)
	}
	return secret, nil
}

// keychainSet puts a secret into the system's keychain.
func keychainSet(service, user, secret string) error {
	if err := keyring.Set(service, user, secret); err != nil {
		return fmt.Errorf("keychain: %w", err)
	}
	return nil
}

// fromKeychain returns the tokens that gitfleet keeps in the keychain.
func (t *tool) fromKeychain() ([]tokens.Token, error) {
	var all []tokens.Token
	for _, p := range []tokens.ProviderType{tokens.GitHub, tokens.GitLab, tokens.Bitbucket} {
		secret, err := keyring.Get(keychainService, string(p))
		if errors.Is(err, keyring.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("keychain: %w", err)
		}
		all = append(all, tokens.Token{Provider: p, Secret: tokens.Static(secret)})
	}
	if len(all) == 0 {
		return nil, errors.New("keychain: no token of gitfleet is in it: gitfleet tokens add puts one there")
	}
	return all, nil
}
