package fleettest_test

import (
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
)

func TestHosts_branches_tags_and_hashes_lead_to_their_commits(t *testing.T) {
	t.Parallel()
	token := canary.Token("refs")
	lab, bucket := lab(token), bucket(token)
	first := func(list []any, fields ...string) any {
		var v any = list[0]
		for _, f := range fields {
			v = v.(map[string]any)[f]
		}
		return v
	}
	for _, repo := range []string{"repo-0001", "repo-0002", "repo-0003", "repo-0004"} {
		api := "/repositories/acme/" + repo
		var all []any
		for _, kind := range []string{"branches", "tags"} {
			list, _ := bucketGet(t, bucket, token, api+"/refs/"+kind+"?pagelen=100").field(t, "values").([]any)
			all = append(all, list...)
		}
		for _, ref := range all {
			name, hash := first([]any{ref}, "name").(string), first([]any{ref}, "target", "hash").(string)
			for _, revision := range []string{name, hash} {
				values, _ := bucketGet(t, bucket, token, api+"/commits/"+revision).field(t, "values").([]any)
				if got := first(values, "hash"); got != hash {
					t.Errorf("bitbucket: %s of %s begins at %v, want %s", revision, repo, got, hash)
				}
				commits, _, err := labClient(t, token, lab, labAPI).Commits.ListCommits("acme/"+repo, listCommits(revision))
				if err != nil || commits[0].ID != hash {
					t.Errorf("gitlab: %s of %s: %v", revision, repo, err)
				}
			}
		}
		tags, _, err := labClient(t, token, lab, labAPI).Tags.ListTags("acme/"+repo, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range tags {
			if tag.Target != tag.Commit.ID || tag.Commit.CommittedDate.IsZero() {
				t.Errorf("gitlab: tag %s of %s is at %s, its commit is %s", tag.Name, repo, tag.Target, tag.Commit.ID)
			}
		}
	}
}
