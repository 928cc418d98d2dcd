//go:build race

package gitlab_test

// manyCalls is how many calls must leave nothing behind. The race detector makes
// each several times as long.
const manyCalls = 2_000
