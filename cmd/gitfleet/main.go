// Command gitfleet reads Git hosts through a fleet of tokens, and looks after
// the tokens.
//
//	gitfleet repos acme               an organization's repositories
//	gitfleet tokens                   the tokens and what each has left
//	gitfleet batch owners.txt -O out  many owners, resumable
//	gitfleet demo                     a fleet at work: no network, no token
//
// Data goes to standard output, all else to standard error. docs/cli.md
// describes commands, configuration and exit codes.
package main

import (
	"context"
	"os"
	"os/signal"

	"golang.org/x/term"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	code := run(ctx, os.Args[1:], streams{
		in:       os.Stdin,
		out:      os.Stdout,
		err:      os.Stderr,
		terminal: term.IsTerminal(int(os.Stdout.Fd())),
		colour:   isTerminal(os.Stdout),
		progress: term.IsTerminal(int(os.Stderr.Fd())),
	}, nil)
	os.Exit(code)
}
