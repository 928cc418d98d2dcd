// Package bench measures GitFleet beside its peers, in one run and on one
// machine, so that what counts are the ratios. It is a module of its own: peers
// never enter the product's graph of dependencies.
//
//	go test -run Scenarios -v .     calls, time and refusals in virtual time
//	go test -bench . -count 6 .     what a call costs
package bench
