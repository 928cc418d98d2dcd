package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (t *tool) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "config", Short: "Find and check the configuration file", GroupID: groupTokens, Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usagef(cmd, "it wants path or check")
		},
	}
	cmd.AddCommand(&cobra.Command{
		Use: "path", Short: "Print where the configuration file is looked for", Args: arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(t.out, "%s\n", t.hide.clean([]byte(t.configPath())))
			return err
		},
	}, &cobra.Command{
		Use: "check", Short: "Read the configuration and get all tokens, but ask no host", Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			t.flags.noState = true
			s, err := t.open(cmd)
			if err != nil {
				return err
			}
			defer s.close()
			all := s.Manager().AllTokens("")
			for _, info := range all {
				fmt.Fprintf(t.out, "%s  %s  %s\n", cell(info.Label), info.Provider, info.Host)
			}
			fmt.Fprintf(t.err, "gitfleet: the configuration is good: %d tokens\n", len(all))
			return nil
		},
	})
	return cmd
}
