//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab_test

import (
	"context"
	"fmt"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/gitlab"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	gogitlab "github.com/xanzy/go-gitlab"
)

func ExampleNewClient() {
	sim := fleettest.NewGitLab(fleettest.Config{
		Tokens:        []string{"one", "two"},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 3}},
	})
	sim.Revoke("one")
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitLab, Label: "alice", Secret: tokens.Static("one")},
		tokens.Token{Provider: tokens.GitLab, Label: "ci", Secret: tokens.Static("two")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()

	gl, err := gitlab.NewClient(&transport.Transport{Manager: m, Provider: tokens.GitLab, Base: sim}, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	project, resp, err := gl.Projects.GetProject("acme/repo-0001", nil, gogitlab.WithContext(context.Background()))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, label, _ := transport.TokenOf(resp.Response)
	fmt.Println(project.PathWithNamespace, "through", label)
	// Output: acme/repo-0001 through ci
}

func ExampleNew() {
	sim := fleettest.NewGitLab(fleettest.Config{
		Tokens:        []string{"one"},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}, {Login: "acme/platform", Repositories: 2}},
	})
	gl, err := gitlab.New(providers.Config{Token: tokens.Token{Secret: tokens.Static("one")}, Base: sim})
	if err != nil {
		fmt.Println(err)
		return
	}
	for repository, err := range gl.Repositories(context.Background(), "acme", providers.Recursive()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(repository.FullName)
	}
	// Output:
	// acme/repo-0001
	// acme/platform/repo-0001
	// acme/platform/repo-0002
}
