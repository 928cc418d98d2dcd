package chaos_test

import (
	"context"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/bitbucket"
	"github.com/gitfleet/gitfleet/providers/github"
	"github.com/gitfleet/gitfleet/providers/gitlab"
	"github.com/gitfleet/gitfleet/tokens"
)

// walkLength is how many repositories a list has: three pages.
const walkLength = 230

// walk lists repositories with the portable client: all of them once, or an
// error and those before it.
func (w *world) walk(rec *record) {
	open := map[tokens.ProviderType]func(providers.Config) (*providers.Client, error){
		tokens.GitHub: github.New, tokens.GitLab: gitlab.New, tokens.Bitbucket: bitbucket.New,
	}[w.plan.Provider]
	client, err := open(providers.Config{Manager: w.manager, Transport: w.transport})
	if err != nil {
		panic(err)
	}
	ctx := context.WithValue(context.Background(), recordKey{}, rec)
	repos, err := client.FetchRepositories(ctx, "acme")
	rec.err = err
	seen := map[string]bool{}
	for _, r := range repos {
		if seen[r.Name] {
			w.violate("I15: %s has %s twice", rec.name, r.Name)
		}
		seen[r.Name] = true
	}
	if err == nil && len(seen) != walkLength && !w.plan.has(badJSON, tooShort) {
		w.violate("I15: %s has %d of %d repositories and no error", rec.name, len(seen), walkLength)
	}
}

// has reports whether one of these faults is in the plan.
func (p plan) has(kinds ...trouble) bool {
	for _, f := range p.Faults {
		for _, k := range kinds {
			if f.Kind == k {
				return true
			}
		}
	}
	return false
}
