package main

import "testing"

func TestTables_hold_the_median_of_each_benchmarks_runs(t *testing.T) {
	t.Parallel()
	const printed = `goos: linux
cpu: x
BenchmarkLease/rate.Allow-2         	100	       100 ns/op	       0 B/op	       0 allocs/op
BenchmarkLease/rate.Allow-2         	100	       300 ns/op	       0 B/op	       0 allocs/op
BenchmarkLease/gitfleet/tokens=10-2 	100	       512.4 ns/op	      16 B/op	       1 allocs/op
BenchmarkAlone-2                    	  1	         1.2345 ns/op	      86.8 ns/item
PASS
`
	const want = `
### BenchmarkLease

| | ns/op | least to most | × first | B/op | allocs/op | other |
|---|---|---|---|---|---|---|
| rate.Allow | 200 | 100 to 300 | 1.00 | 0 | 0 |  |
| gitfleet/tokens=10 | 512 | 512 to 512 | 2.56 | 16 | 1 |  |

### BenchmarkAlone

| | ns/op | least to most | × first | B/op | allocs/op | other |
|---|---|---|---|---|---|---|
|  | 1.23 | 1.23 to 1.23 | 1.00 | 0 | 0 | 86.8 ns/item |
`
	if got := tables(printed); got != want {
		t.Errorf("tables() =\n%s\nwant\n%s", got, want)
	}
}

func TestLogged_has_what_each_measurement_says_and_which_missed_its_bound(t *testing.T) {
	t.Parallel()
	const printed = `=== RUN   TestFetch
    fetch_test.go:124: the loop: 2.5 s
    fetch_test.go:124: GitFleet: 0.3 s
--- PASS: TestFetch (0.10s)
=== RUN   TestStart
    start_test.go:25: GITFLEET_COMMAND is not set
--- SKIP: TestStart (0.00s)
=== RUN   TestMemory
=== RUN   TestMemory/loop
    memory_test.go:9: grew
    --- FAIL: TestMemory/loop (0.00s)
FAIL
`
	const want = "\n### TestFetch\n\n```\nthe loop: 2.5 s\nGitFleet: 0.3 s\n```\n" +
		"\n### TestStart\n\n```\nGITFLEET_COMMAND is not set\nSKIP: TestStart\n```\n" +
		"\n### TestMemory\n\n```\ngrew\nFAIL: TestMemory/loop\n```\n"
	if got := logged(printed); got != want {
		t.Errorf("logged() =\n%s\nwant\n%s", got, want)
	}
}
