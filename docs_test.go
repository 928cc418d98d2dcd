package gitfleet_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
)

// models are the sections of docs/fields.md.
var models = []any{
	providers.Origin{}, providers.Repository{}, providers.User{}, providers.Organization{}, providers.Branch{}, providers.Tag{},
	providers.Commit{}, providers.Signature{}, providers.Contributor{}, providers.PullRequest{}, providers.Side{}, providers.Issue{},
	providers.Release{}, providers.Asset{}, providers.Content{}, providers.TreeEntry{}, providers.Language{},
	providers.RateLimit{}, providers.Credential{},
}

// Whoever reads a field finds out where it comes from.
func TestFields_have_every_field_of_every_model_and_no_other(t *testing.T) {
	t.Parallel()
	sections := map[string]string{}
	for _, s := range strings.Split(page(t, "docs/fields.md"), "\n## ")[1:] {
		name, body, _ := strings.Cut(s, "\n")
		sections[name] = body
	}
	for _, model := range models {
		of := reflect.TypeOf(model)
		got := firstCells(sections[of.Name()])
		delete(sections, of.Name())
		var want []string
		for i := range of.NumField() {
			if f := of.Field(i); f.IsExported() && !f.Anonymous {
				want = append(want, f.Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("docs/fields.md: section %s has the rows\n%v\nwant\n%v", of.Name(), got, want)
		}
	}
	for name := range sections {
		t.Errorf("docs/fields.md: section %s is of no model", name)
	}
}

// operations are the rows of the README's table of operations.
var operations = map[string]providers.Op{
	"FetchRepositories":   providers.OpRepositories,
	"FetchRepository":     providers.OpRepository,
	"FetchUser":           providers.OpUser,
	"FetchCurrentUser":    providers.OpCurrentUser,
	"FetchOrganizations":  providers.OpOrganizations,
	"FetchOrganization":   providers.OpOrganization,
	"FetchBranches":       providers.OpBranches,
	"FetchTags":           providers.OpTags,
	"FetchCommits":        providers.OpCommits,
	"FetchContributors":   providers.OpContributors,
	"FetchPullRequests":   providers.OpPullRequests,
	"FetchIssues":         providers.OpIssues,
	"FetchReleases":       providers.OpReleases,
	"FetchContent":        providers.OpContent,
	"FetchTree":           providers.OpTree,
	"FetchLanguages":      providers.OpLanguages,
	"FetchRateLimits":     providers.OpRateLimits,
	"ValidateCredentials": providers.OpValidate,
	"Call":                providers.OpCall,
	"GraphQL":             providers.OpGraphQL,
}

// The README says of each operation which hosts have it, as Supports does.
func TestReadme_operations_are_those_that_hosts_support(t *testing.T) {
	t.Parallel()
	f := newThree().fleet(t)
	clients := []*providers.Client{f.GitHub(), f.GitLab(), f.Bitbucket()}
	rows := map[string][]string{}
	for _, row := range tableRows(section(page(t, "README.md"), "## Portable clients")) {
		for _, name := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(row[0], -1) {
			rows[name[1]] = row[1:]
		}
	}
	for name, op := range operations {
		row := rows[name]
		if len(row) < len(clients) {
			t.Errorf("README.md has no row for %s", name)
			continue
		}
		for i, c := range clients {
			if says := row[i] != "–"; says != c.Supports(op) {
				t.Errorf("README.md says of %s at %s: %q; Supports is %v", name, c.Provider(), row[i], c.Supports(op))
			}
		}
	}
	for m := range reflect.TypeFor[*providers.Client]().Methods() {
		if _, ok := operations[m.Name]; !ok && strings.HasPrefix(m.Name, "Fetch") {
			t.Errorf("method %s is missing in this test, and perhaps in README.md", m.Name)
		}
	}
}

// page returns a page of the documentation.
func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// section returns what stands below a heading, up to the next one.
func section(page, heading string) string {
	_, after, _ := strings.Cut(page, heading+"\n")
	body, _, _ := strings.Cut(after, "\n## ")
	return body
}

// tableRows returns the cells of the tables in a text.
func tableRows(text string) [][]string {
	var rows [][]string
	for line := range strings.Lines(text) {
		cells, ok := strings.CutPrefix(strings.TrimSpace(line), "| ")
		if !ok {
			continue
		}
		var row []string
		for _, cell := range strings.Split(strings.TrimSuffix(cells, "|"), "|") {
			row = append(row, strings.TrimSpace(cell))
		}
		rows = append(rows, row)
	}
	return rows
}

// firstCells returns the names that the rows of a table begin with.
func firstCells(text string) []string {
	var names []string
	for _, row := range tableRows(text) {
		if name, ok := strings.CutPrefix(row[0], "`"); ok {
			names = append(names, strings.TrimSuffix(name, "`"))
		}
	}
	return names
}
