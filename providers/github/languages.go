package github

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/gitfleet/gitfleet/providers"
)

// Languages come as bytes of code.
func (d *driver) Languages(ctx context.Context, n providers.Name) ([]providers.Language, error) {
	resp, err := d.get(ctx, repo(n, "languages"))
	if err != nil {
		return nil, err
	}
	var sizes map[string]int64
	if err := decode(resp, &sizes); err != nil {
		return nil, err
	}
	if sizes == nil {
		return nil, providers.Malformed(resp.StatusCode, errors.New("the answer is null where languages are expected"))
	}
	var total int64
	for _, size := range sizes {
		total += size
	}
	languages := make([]providers.Language, 0, len(sizes))
	for name, size := range sizes {
		languages = append(languages, providers.Language{Name: name, Share: float64(size) / float64(max(total, 1)), Bytes: &size})
	}
	slices.SortFunc(languages, func(a, b providers.Language) int {
		return cmp.Or(cmp.Compare(*b.Bytes, *a.Bytes), cmp.Compare(a.Name, b.Name))
	})
	return languages, nil
}
