package main

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
)

// planRow is when a number of calls would be done.
type planRow struct {
	Provider tokens.ProviderType `json:"provider"`
	Host     string              `json:"host"`
	Resource string              `json:"resource"`
	Calls    int64               `json:"calls"`
	Tokens   int                 `json:"tokens"`
	Seconds  int64               `json:"seconds"` // from now
	Done     time.Time           `json:"done"`
}

// mainResources are the budgets that most calls draw on, as package ratelimit
// names them.
var mainResources = map[tokens.ProviderType]string{
	tokens.GitHub:    "core",
	tokens.GitLab:    "throttle_authenticated_api",
	tokens.Bitbucket: "api",
}

const planHelp = `Tell when N more calls could be done at the earliest.

What the tokens have left, the resets to come and the documented pace are
reckoned with; the time that calls take and other programs are not. A list of
1,000 repositories takes 10 calls.`

func (t *tool) planCommand() *cobra.Command {
	var o output
	var resource string
	cmd := &cobra.Command{
		Use: "plan N", Short: "Tell when N more calls would be done", GroupID: groupTokens, Long: planHelp, Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil || n < 1 {
				return usagef(cmd, "N is %s: want a number of calls", quoted(args[0]))
			}
			return t.plan(cmd, o, n, resource)
		},
	}
	o.addTo(cmd)
	cmd.Flags().StringVar(&resource, "resource", "", "the `budget` that the calls draw on (default: the host's main one, such as core)")
	return cmd
}

func (t *tool) plan(cmd *cobra.Command, o output, n int64, resource string) error {
	w, err := t.writer(o, []string{"provider", "resource", "calls", "tokens", "seconds", "done"}, planRow{})
	if err != nil {
		return err
	}
	s, err := t.open(cmd)
	if err != nil {
		return err
	}
	defer s.close()
	c, err := s.client()
	if err != nil {
		return err
	}
	host, ok := s.apiOf(c)
	count := len(s.Manager().AllTokens(c.Provider(), tokens.AtHost(c.Host())))
	if !ok || count == 0 {
		return fmt.Errorf("%w for %s", tokens.ErrNoTokens, c.Host())
	}
	if err := s.Manager().Prime(cmd.Context(), tokens.AtHost(c.Host())); err != nil {
		if ended := cmd.Context().Err(); ended != nil {
			return ended
		}
		fmt.Fprintln(t.err, line(err))
	}
	now := time.Now()
	resource = cmp.Or(resource, mainResources[c.Provider()])
	done, ok := host.Plan(resource, n)
	if !ok {
		return fmt.Errorf("plan: nobody can tell when %d calls on %s of %s are done: the limit is not known, or it takes more than a year", n, resource, c.Host())
	}
	return writeOne(w, planRow{
		Provider: c.Provider(), Host: c.Host(), Resource: resource, Calls: n, Tokens: count,
		Seconds: int64(done.Sub(now).Round(time.Second).Seconds()), Done: done.UTC().Truncate(time.Second),
	})
}

// apiOf returns the manager's side of a client's host. Its API is below /api/ or
// /rest/, where it does not have a name of its own.
func (s *session) apiOf(c *providers.Client) (*tokens.Host, bool) {
	base, err := url.Parse(c.Host())
	if err != nil {
		return nil, false
	}
	for _, path := range []string{"/api/", "/rest/"} {
		u := &url.URL{Scheme: base.Scheme, Host: base.Host, Path: base.Path + path}
		if h, ok := s.Manager().Host(c.Provider(), u); ok {
			return h, true
		}
	}
	return nil, false
}
