package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gitfleet/gitfleet/tokens"
)

// addCommand keeps a token in the system's keychain.
func (t *tool) addCommand() *cobra.Command {
	return &cobra.Command{
		Use: "add", Short: "Keep a token in the system's keychain, for --tokens-from keychain", Args: arguments(0, 0),
		Long: `Keep a token in the system's keychain. It is read from standard input, without
echo on a terminal. --provider says whose it is; one that is there already is
replaced. --tokens-from keychain uses it.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := t.providerFlag()
			if err != nil {
				return err
			}
			if p == "" {
				return usagef(cmd, "say with --provider whose token it is: github, gitlab or bitbucket")
			}
			secret, err := t.readSecret()
			if err != nil {
				return err
			}
			t.hide.add(secret)
			if _, err := tokens.NewManager(tokens.Config{}, tokens.Token{Provider: p, Secret: tokens.Static(secret)}); err != nil {
				return &usageError{err: err}
			}
			if err := keychainSet(keychainService, string(p), secret); err != nil {
				return err
			}
			fmt.Fprintf(t.err, "gitfleet: the token for %s is in the keychain\n", p)
			return nil
		},
	}
}

// errNoSecret is what reading a token from an empty input returns.
var errNoSecret = errors.New("standard input has no token")

// readSecret reads a line of standard input, without echo on a terminal.
func (t *tool) readSecret() (string, error) {
	if f, ok := t.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(t.err, "token: ")
		text, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(t.err)
		return strings.TrimSpace(string(text)), err
	}
	text, err := bufio.NewReader(io.LimitReader(t.in, maxConfig)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", err
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", &usageError{err: errNoSecret}
	}
	return text, nil
}
