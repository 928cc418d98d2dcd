//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

// Gitlab lists the projects of a group with an unmodified go-gitlab on top of a
// fleet. Package providers/gitlab sets that library up so that it leaves limits
// and repetitions to the fleet.
//
//	go run ./examples/gitlab
//
// Nothing leaves the machine. For gitlab.com set GITLAB_TOKENS and change the
// line in run that says so.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	lab "github.com/xanzy/go-gitlab"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers/gitlab"
	"github.com/gitfleet/gitfleet/tokens"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	fleet, err := simulated() // gitlab.com: gitfleet.FromEnv()
	if err != nil {
		return err
	}
	defer fleet.Close()

	client, err := gitlab.NewClient(fleet.Transport(tokens.GitLab), "")
	if err != nil {
		return err
	}
	options := &lab.ListGroupProjectsOptions{ListOptions: lab.ListOptions{PerPage: 100}}
	total := 0
	for {
		projects, resp, err := client.Groups.ListGroupProjects("gitlab-org", options, lab.WithContext(ctx))
		if err != nil {
			return err
		}
		total += len(projects)
		if resp.NextPage == 0 {
			break
		}
		options.Page = resp.NextPage
	}
	fmt.Fprintln(stdout, total, "projects")

	for _, t := range fleet.Manager().AllTokens(tokens.GitLab) {
		fmt.Fprintf(stdout, "%s: %v\n", t.Label, t.Status)
	}
	return nil
}

// simulated returns a fleet of two tokens for a GitLab in memory.
func simulated() (*gitfleet.Fleet, error) {
	const alice, bot = "example-token-alice", "example-token-bot"
	sim := fleettest.NewGitLab(fleettest.Config{
		Tokens:        []string{alice, bot},
		Organizations: []fleettest.Owner{{Login: "gitlab-org", Repositories: 350}},
	})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitLab, Label: "alice", Secret: tokens.Static(alice)},
		tokens.Token{Provider: tokens.GitLab, Label: "bot", Secret: tokens.Static(bot)},
	)
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
