package ratelimit_test

import (
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

func TestDialect_Window(t *testing.T) {
	t.Parallel()
	tests := []struct {
		dialect  ratelimit.Dialect
		resource string
		want     time.Duration
	}{
		{ratelimit.GitHub, "core", time.Hour},
		{ratelimit.GitHub, "search", time.Minute},
		{ratelimit.GitHub, "one of tomorrow", time.Hour},
		{ratelimit.GitHubEnterprise, "code_search", time.Minute},
		{ratelimit.GitLab, "throttle_authenticated_api", time.Minute},
		{ratelimit.BitbucketCloud, "api", time.Hour},
		{ratelimit.BitbucketDataCenter, "", 0},
		{ratelimit.Generic, "", 0},
	}
	for _, tt := range tests {
		if got := tt.dialect.Window(tt.resource); got != tt.want {
			t.Errorf("%v.Window(%q) = %v, want %v", tt.dialect, tt.resource, got, tt.want)
		}
	}
}
