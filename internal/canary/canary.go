// Package canary makes the tokens of this module's tests.
//
// Every token of the suite carries [Mark], so that one search over all that
// the tests printed and wrote shows whether a secret got out (invariant I1).
package canary

// Mark is part of every token that [Token] makes and of nothing else.
const Mark = "c4n4ry7f3e"

// Token returns a token in GitHub's form that is unique to name.
func Token(name string) string { return "ghp_" + Mark + name }
