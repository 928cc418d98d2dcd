package ratelimit_test

import (
	"net/url"
	"testing"

	"github.com/gitfleet/gitfleet/ratelimit"
)

func TestDialect_Draw_knows_what_creates_content(t *testing.T) {
	t.Parallel()
	tests := []struct {
		dialect        ratelimit.Dialect
		method, path   string
		creates, write bool
	}{
		{ratelimit.GitHub, "POST", "/repos/acme/app/issues", true, true},
		{ratelimit.GitHub, "POST", "/repos/acme/app/issues/1/comments", true, true},
		{ratelimit.GitHub, "POST", "/repos/acme/app/pulls", true, true},
		{ratelimit.GitHub, "POST", "/repos/acme/app/pulls/1/reviews", true, true},
		{ratelimit.GitHub, "POST", "/repos/acme/app/pulls/1/comments/2/replies", true, true},
		{ratelimit.GitHub, "POST", "/repositories/1/commits/abc/comments", true, true},
		{ratelimit.GitHubEnterprise, "POST", "/api/v3/repos/acme/app/issues", true, true},
		{ratelimit.GitHub, "GET", "/repos/acme/app/issues", false, false},
		{ratelimit.GitHub, "PATCH", "/repos/acme/app/issues/1", false, true},
		{ratelimit.GitHub, "POST", "/repos/acme/app/labels", false, true},
		{ratelimit.GitHub, "POST", "/user/repos", false, true},
		{ratelimit.GitLab, "POST", "/api/v4/projects/1/issues", false, true},
	}
	for _, tt := range tests {
		u := &url.URL{Scheme: "https", Host: "git.example", Path: tt.path}
		draw := tt.dialect.Draw(ratelimit.Request{Method: tt.method, URL: u})
		if draw.Creates != tt.creates || draw.Writes() != tt.write {
			t.Errorf("%v %s %s: creates %t, writes %t, want %t, %t", tt.dialect, tt.method, tt.path, draw.Creates, draw.Writes(), tt.creates, tt.write)
		}
	}
}

func TestDialect_Pace_is_GitHubs_own_and_nobody_elses(t *testing.T) {
	t.Parallel()
	if got := ratelimit.GitHub.Pace().PointsPerMinute; got != 900 {
		t.Errorf("GitHub: %d points a minute, want 900", got)
	}
	for d := ratelimit.Generic; d <= ratelimit.AzureDevOps; d++ {
		if d != ratelimit.GitHub && d.Pace() != (ratelimit.Pace{}) {
			t.Errorf("%v has a pace", d)
		}
	}
}
