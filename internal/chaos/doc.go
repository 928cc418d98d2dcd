// Package chaos tests the whole of the module under faults. It has no code
// but tests.
//
// A seed makes a run: tokens and their accounts, callers, the options of the
// transport, a simulated host of package fleettest, the way to it, and what
// goes wrong there and on the way. After a run nothing may be lost, done twice,
// left open or let out; docs/reliability.md lists what is injected and what
// must hold.
//
//	go test ./internal/chaos                                        # 500 runs and the seeds of past failures
//	GITFLEET_CHAOS_SEED=7 GITFLEET_CHAOS_RUNS=1 go test ./internal/chaos
//	GITFLEET_CHAOS_RUNS=10000 go test -run TestChaos ./internal/chaos
//	GITFLEET_SOAK=30m go test -run TestSoak -timeout 0 -v ./internal/chaos
//
// A seed decides all that is drawn. The order in which goroutines of a run get
// their turn it does not, so that a rare failure may want the same seed several
// times: go test -count.
package chaos
