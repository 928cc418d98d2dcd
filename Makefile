# Every check lives in .ci/run; these are short names for it.

FUZZTIME ?= 30s
COUNT ?= 20

.PHONY: help test lint ci fuzz bench demo nightly

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST)

test: ## run the tests
	go test ./...

lint: ## vet, staticcheck, formatting, go.mod and the borders between packages
	.ci/run vet staticcheck format tidy borders

ci: ## every check, as continuous integration runs it
	.ci/run

fuzz: ## each fuzz target for FUZZTIME (30s)
	FUZZTIME=$(FUZZTIME) .ci/run fuzz

bench: ## the benchmarks, with allocations
	go test -run '^$$' -bench . -benchmem ./...

demo: ## show a fleet at work, without network
	go run ./cmd/gitfleet demo

nightly: ## the suite COUNT (20) times under the race detector, the measurements of bench, then five minutes per fuzz target
	go test -race -shuffle=on -count=$(COUNT) -timeout 120m ./...
	cd bench && go test -timeout 30m ./...
	FUZZTIME=5m .ci/run fuzz
