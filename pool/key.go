package pool

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gitfleet/gitfleet/tokens"
)

// Key is a credential of an API, of one part or of several. It prints without
// them.
type Key struct {
	// ID names the key without revealing it, so that it is the same key after its
	// secret has changed. It must not contain a part of the key. Defaults to
	// one that is derived from the parts. In a [tokens.Manager], and wherever else
	// a key is told of, the provider's name and a slash stand before it.
	ID string

	// Secret is the key itself, and Parts are those of a key that has several,
	// such as an ID and a password, by names of the caller's own. At least one of
	// them must not be empty. All are made by [tokens.Static].
	Secret tokens.Secret
	Parts  map[string]tokens.Secret

	// Label names the key for people. Defaults to the ID or, of a derived one, to
	// the provider's name and its beginning, such as "acme-3f2a9c".
	Label string

	// Tags and Description are for people and filters; they mean nothing here.
	Tags        []string
	Description string

	// Priority puts keys before others, and Weight is the key's share where the
	// strategy is "weighted": see [tokens.Token].
	Priority, Weight int
}

// String returns the label, else the ID, and never a part of the key.
func (k Key) String() string {
	switch {
	case k.Label != "" && k.hiding(k.Label):
		return k.Label
	case k.ID != "" && k.hiding(k.ID):
		return k.ID
	}
	return "key"
}

// parts returns the texts of the key that are not empty, and their names.
func (k Key) parts() (texts, names []string) {
	if s := k.Secret.Reveal(); s != "" {
		texts, names = append(texts, s), append(names, "")
	}
	for _, name := range slices.Sorted(maps.Keys(k.Parts)) {
		if s := k.Parts[name].Reveal(); s != "" {
			texts, names = append(texts, s), append(names, name)
		}
	}
	return texts, names
}

// hiding reports whether a text holds no part of the key.
func (k Key) hiding(text string) bool {
	texts, _ := k.parts()
	return !slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(text, s) })
}

// print is a hash of the parts, to tell whether they have changed.
func (k Key) print(provider tokens.ProviderType) [sha256.Size]byte {
	texts, names := k.parts()
	h := sha256.New()
	fmt.Fprintf(h, "gitfleet key\x00%s", provider)
	for i := range texts {
		fmt.Fprintf(h, "\x00%d %s%d %s", len(names[i]), names[i], len(texts[i]), texts[i])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// token returns what the manager knows of the key.
func (k Key) token(provider tokens.ProviderType) (tokens.Token, error) {
	if err := k.check(); err != nil {
		return tokens.Token{}, fmt.Errorf("gitfleet: pool %s: key %q: %w", provider, k, err)
	}
	if k.ID == "" {
		sum := k.print(provider)
		k.ID = hex.EncodeToString(sum[:8])
		if k.Label == "" {
			k.Label = string(provider) + "-" + k.ID[:6]
		}
	}
	if k.Label == "" {
		k.Label = k.ID
	}
	return tokens.Token{
		Provider:    provider,
		Scheme:      tokens.Opaque,
		ID:          tokens.ID(string(provider) + "/" + k.ID),
		Label:       k.Label,
		Tags:        slices.Clone(k.Tags),
		Description: k.Description,
		Priority:    k.Priority,
		Weight:      k.Weight,
	}, nil
}

func (k Key) check() error {
	texts, _ := k.parts()
	switch {
	case len(texts) == 0 && (!k.Secret.IsZero() || slices.ContainsFunc(slices.Collect(maps.Values(k.Parts)), isSet)):
		return errors.New("its parts are refreshing secrets: want static ones")
	case len(texts) == 0:
		return errors.New("it has no secret")
	case !k.hiding(k.ID), !k.hiding(k.Label), !k.hiding(k.Description):
		return errors.New("its ID, label or description holds a part of it: they are printed")
	case slices.ContainsFunc(k.Tags, func(tag string) bool { return !k.hiding(tag) }):
		return errors.New("a tag holds a part of it: tags are printed")
	}
	return nil
}

func isSet(s tokens.Secret) bool { return !s.IsZero() }
