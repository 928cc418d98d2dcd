//go:build !race

package bitbucket_test

// manyCalls is how many calls must leave nothing behind.
const manyCalls = 10_000
