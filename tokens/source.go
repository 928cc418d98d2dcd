package tokens

import "context"

// Source supplies tokens, for example from the environment or from a vault.
//
// Tokens is called by whoever wants the list as it is now; it may be slow and
// must honour ctx. Its errors must not contain a secret.
type Source interface {
	Tokens(ctx context.Context) ([]Token, error)
}
