package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet/tokens"
)

// streams are what a run reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
	terminal bool // out is one
	colour   bool // out shows colours
	progress bool // err is a terminal
}

// tool is one run of the command.
type tool struct {
	streams
	base  http.RoundTripper // nil is the network
	hide  *redactor
	flags globalFlags
}

// globalFlags are those of every command.
type globalFlags struct {
	config    string
	provider  string
	host      string
	sources   []string
	anonymous bool
	noState   bool
	usage     string
	cache     string
	maxWait   time.Duration
	verbose   bool
}

// run executes the command that args name and returns its exit code. The base
// replaces the network; it is for tests.
func run(ctx context.Context, args []string, s streams, base http.RoundTripper) int {
	t := &tool{streams: s, base: base, hide: newRedactor()}
	t.err = t.hide.writer(s.err)
	root := t.root()
	root.SetArgs(args)
	root.SetIn(t.in)
	root.SetOut(t.out)
	root.SetErr(t.err)
	return t.exit(ctx, root.ExecuteContext(ctx))
}

func (t *tool) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "gitfleet",
		Short:         "Read Git hosts through a fleet of tokens, and look after the tokens",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				cmd.SetOut(t.err)
				_ = cmd.Usage()
				return &usageError{}
			}
			return unknownCommand(cmd, args[0])
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{command: cmd.CommandPath(), err: err}
	})
	root.SuggestionsMinimumDistance = 2
	t.addGlobalFlags(root)
	root.AddGroup(
		&cobra.Group{ID: groupRead, Title: "Reading hosts:"},
		&cobra.Group{ID: groupTokens, Title: "Tokens:"},
	)
	for _, l := range listings {
		root.AddCommand(l.command(t))
	}
	root.AddCommand(
		t.repoCommand(), t.userCommand(), t.contentsCommand(), t.apiCommand(), t.batchCommand(),
		t.tokensCommand(), t.planCommand(), t.usageCommand(), t.configCommand(),
		t.demoCommand(), t.versionCommand(),
	)
	return root
}

// The groups of the help text.
const (
	groupRead   = "read"
	groupTokens = "tokens"
)

func (t *tool) addGlobalFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&t.flags.config, "config", "", "configuration `file` (default: see gitfleet config path)")
	f.StringVar(&t.flags.provider, "provider", "", "github, gitlab or bitbucket")
	f.StringVar(&t.flags.host, "host", "", "base `URL` of a self-managed host")
	f.StringSliceVar(&t.flags.sources, "tokens-from", nil, "where tokens come from: env,config,keychain,gh,glab (default env,config)")
	f.BoolVar(&t.flags.anonymous, "anonymous", false, "ask without a token where there is none")
	f.BoolVar(&t.flags.noState, "no-state", false, "keep nothing between runs")
	f.StringVar(&t.flags.usage, "usage", "", "`file` to record calls in, and for gitfleet usage the one to read")
	f.StringVar(&t.flags.cache, "cache", "", "`folder` to keep answers in, which are asked for again and not paid for if they still hold")
	f.DurationVar(&t.flags.maxWait, "max-wait", tokens.DefaultMaxWait, "how long a call may wait for a token; 0 never waits")
	f.BoolVarP(&t.flags.verbose, "verbose", "v", false, "tell of swaps, waits and retries on standard error")
	complete(root, "provider", "github", "gitlab", "bitbucket")
	complete(root, "tokens-from", fromEnv, fromConfig, fromKeychain, fromGH, fromGLab)
}

// unknownCommand says so, and which command may be meant.
func unknownCommand(cmd *cobra.Command, name string) error {
	text := "unknown command " + quoted(name)
	if alike := cmd.SuggestionsFor(name); len(alike) > 0 {
		text += ": did you mean " + strings.Join(alike, " or ") + "?"
	}
	return usagef(cmd, "%s", text)
}

// arguments checks how many arguments a command is given.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usagef(cmd, "it wants %s", strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath()+" "))
		case len(args) > most:
			return usagef(cmd, "unexpected argument %s", quoted(args[most]))
		}
		return nil
	}
}
