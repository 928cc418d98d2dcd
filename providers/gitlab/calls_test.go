//go:build !race

package gitlab_test

// manyCalls is how many calls must leave nothing behind.
const manyCalls = 10_000
