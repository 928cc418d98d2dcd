# Every check lives in .ci/run; these are short names for it.

FUZZTIME ?= 30s
COUNT ?= 20
CHAOS ?= 10000
SOAK ?= 30m

.PHONY: help test lint ci fuzz mutants bench figures demo chaos soak nightly release vulncheck

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

mutants: ## break the product on purpose and want the tests to notice, see docs/mutants.md
	go run ./internal/mutants

bench: ## the benchmarks, with allocations
	go test -run '^$$' -bench . -benchmem ./...

figures: ## run every measurement, which takes long, and write the tables of bench/figures.md
	cd bench && go run ./figures -o figures.md

demo: ## show a fleet at work, without network
	go run ./cmd/gitfleet demo

chaos: ## CHAOS (10000) seeded runs under faults, see docs/reliability.md
	GITFLEET_CHAOS_RUNS=$(CHAOS) go test -count=1 -timeout 120m -run TestChaos ./internal/chaos

soak: ## a thousand tokens under faults for SOAK (30m): memory, goroutines, connections
	GITFLEET_SOAK=$(SOAK) go test -count=1 -timeout 0 -v -run TestSoak ./internal/chaos

nightly: ## hours of it: the suite COUNT (20) times under the race detector, five million steps of the model of tokens, CHAOS (10000) seeded runs under faults, the measurements, vet for other systems, five minutes per fuzz target, and a release made twice
	go test -race -shuffle=on -count=$(COUNT) -timeout 120m ./...
	go test -count=1 -timeout 60m -run A_plain_model ./tokens -args -modelruns 5000
	cd bench && go test -timeout 30m ./...
	GITFLEET_CHAOS_RUNS=$(CHAOS) go test -count=1 -timeout 120m -run TestChaos ./internal/chaos
	FUZZTIME=5m .ci/run cross fuzz release

release: ## the archives of VERSION, checksums and bills of materials, into dist
	cd .ci/release && go run . -version "$(VERSION)" -o ../../dist

vulncheck: ## known vulnerabilities that this code can reach; needs the network
	GOTOOLCHAIN=local go run golang.org/x/vuln/cmd/govulncheck@v1.3.0 ./...
