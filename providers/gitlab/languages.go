package gitlab

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/gitfleet/gitfleet/providers"
)

// Languages implements [providers.LanguageDriver]. GitLab tells percentages.
func (d *driver) Languages(ctx context.Context, n providers.Name) ([]providers.Language, error) {
	a, err := d.get(ctx, d.url(nil, "projects", n.String(), "languages"))
	if err != nil {
		return nil, err
	}
	var shares map[string]float64
	if err := json.Unmarshal(a.body, &shares); err != nil {
		return nil, providers.Malformed(a.status, err)
	}
	if shares == nil {
		return nil, providers.Malformed(a.status, errors.New("null where languages are expected"))
	}
	found := make([]providers.Language, 0, len(shares))
	for name, percent := range shares {
		found = append(found, providers.Language{Name: name, Share: percent / 100})
	}
	slices.SortFunc(found, func(a, b providers.Language) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Name, b.Name))
	})
	return found, nil
}
