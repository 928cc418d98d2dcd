package main

import "github.com/spf13/cobra"

func (t *tool) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use: "demo [-plain]", Short: "A fleet of tokens at work on a simulated host: no network, no token",
		DisableFlagParsing: true, // it has its own
		RunE: func(cmd *cobra.Command, args []string) error {
			return runDemo(cmd.Context(), args, t.out, t.err)
		},
	}
}
