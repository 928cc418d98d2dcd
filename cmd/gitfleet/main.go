// Command gitfleet shows and runs a fleet of tokens for Git hosts.
//
//	gitfleet demo   a fleet at work on a simulated host: no network, no token
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130 // 128 + SIGINT, as shells count
)

const usage = `usage: gitfleet command [flags]

commands:
  demo    a fleet of tokens at work on a simulated host: no network, no token
  help    this text

Run "gitfleet command -h" for a command's flags.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run executes the command that args name and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	switch name := args[0]; name {
	case "demo":
		return exit(runDemo(ctx, args[1:], stdout, stderr), stderr)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return exitOK
	default:
		fmt.Fprintf(stderr, "gitfleet: unknown command %q\n\n%s", name, usage)
		return exitUsage
	}
}

// errUsage stands for wrong arguments that package flag has complained of.
var errUsage = errors.New("usage")

func exit(err error, stderr io.Writer) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "gitfleet: interrupted")
		return exitInterrupted
	}
	fmt.Fprintln(stderr, err)
	return exitFailed
}
