// Package bench measures GitFleet beside its peers, in one run and on one
// machine, so that what counts are the ratios. It is a module of its own: peers
// never enter the product's graph of dependencies.
//
//	go test -run Scenarios -v .     calls, time and refusals in virtual time
//	go test -run Fetch -v .         listing 5,000 repositories, in virtual and in real time
//	go test -run Decoding -v .      what a repository costs beside the library below
//	go test -run Memory -v .        the heap over 10,000 and 100,000 repositories
//	go test -run Start -v .         how long the command line takes to start
//	go test -run Turns -v .         what a call and a lease cost, beside their peers
//	go test -bench . -count 6 .     what a call costs, and how it grows with the tokens
//	go run ./figures -o figures.md  all of it, and the benchmarks of the packages
//
// README.md has the figures, and what they were measured on.
package bench
