package ratelimit_test

import (
	"math"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

var zeroLeft = ratelimit.Known[int64](0)

func TestUntil_is_counted_by_the_hosts_clock(t *testing.T) {
	t.Parallel()
	reset := epoch.Add(10 * time.Minute)
	tests := []struct {
		name string
		o    ratelimit.Observation
		now  time.Time
		want time.Duration
	}{
		{"unknown", ratelimit.Observation{}, epoch, 0},
		{"ahead", ratelimit.Observation{Reset: reset}, epoch, 10 * time.Minute},
		{"past", ratelimit.Observation{Reset: reset}, epoch.Add(time.Hour), 0},
		{"local clock behind", ratelimit.Observation{Reset: reset, Date: epoch.Add(4 * time.Minute), At: epoch}, epoch, 6 * time.Minute},
		{"local clock ahead", ratelimit.Observation{Reset: reset, Date: epoch, At: epoch.Add(time.Hour)}, epoch.Add(time.Hour), 10 * time.Minute},
		{"some time after the answer", ratelimit.Observation{Reset: reset, Date: epoch, At: epoch.Add(time.Hour)}, epoch.Add(time.Hour + time.Minute), 9 * time.Minute},
		{"without At it is read now", ratelimit.Observation{Reset: reset, Date: epoch.Add(time.Minute)}, epoch.Add(time.Hour), 9 * time.Minute},
		{"before the answer", ratelimit.Observation{Reset: reset, Date: epoch, At: epoch}, epoch.Add(-time.Hour), 10 * time.Minute},
		{"far", ratelimit.Observation{Reset: time.Unix(math.MaxInt32*1000, 0)}, time.Time{}, math.MaxInt64},
		{"far by a wrong clock", ratelimit.Observation{Reset: reset, Date: time.Unix(-math.MaxInt32*1000, 0), At: epoch}, epoch, math.MaxInt64},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.o.Until(tt.now); got != tt.want {
				t.Errorf("Until() = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestWait_is_the_longer_of_Retry_After_and_the_reset_of_a_spent_budget(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	reset := epoch.Add(30 * minute)
	after := ratelimit.Known(minute)
	tests := []struct {
		name  string
		o     ratelimit.Observation
		want  time.Duration
		asked bool
	}{
		{"nothing", ratelimit.Observation{Class: ratelimit.OK}, 0, false},
		{"calls left", ratelimit.Observation{Class: ratelimit.OK, Reset: reset, Remaining: ratelimit.Known[int64](1)}, 0, false},
		{"remaining unknown", ratelimit.Observation{Class: ratelimit.OK, Reset: reset}, 0, false},
		{"nothing left", ratelimit.Observation{Class: ratelimit.OK, Reset: reset, Remaining: zeroLeft}, 30 * minute, true},
		{"nothing left, no reset", ratelimit.Observation{Class: ratelimit.PrimaryLimit, Remaining: zeroLeft}, 0, false},
		{"primary with calls left", ratelimit.Observation{Class: ratelimit.PrimaryLimit, Reset: reset, Remaining: ratelimit.Known[int64](4)}, 30 * minute, true},
		{"primary, both", ratelimit.Observation{Class: ratelimit.PrimaryLimit, Reset: reset, RetryAfter: after}, 30 * minute, true},
		{"primary, longer Retry-After", ratelimit.Observation{Class: ratelimit.PrimaryLimit, Reset: epoch.Add(time.Second), RetryAfter: after}, minute, true},
		{"primary, reset in the past", ratelimit.Observation{Class: ratelimit.PrimaryLimit, Reset: epoch.Add(-minute)}, 0, true},
		{"primary, Retry-After only", ratelimit.Observation{Class: ratelimit.PrimaryLimit, RetryAfter: after}, minute, true},
		{"secondary with calls left", ratelimit.Observation{Class: ratelimit.SecondaryLimit, Reset: reset, Remaining: ratelimit.Known[int64](4900)}, 0, false},
		{"secondary, remaining unknown", ratelimit.Observation{Class: ratelimit.SecondaryLimit, Reset: reset}, 0, false},
		{"secondary with Retry-After", ratelimit.Observation{Class: ratelimit.SecondaryLimit, Reset: reset, RetryAfter: after}, minute, true},
		{"secondary, nothing left", ratelimit.Observation{Class: ratelimit.SecondaryLimit, Reset: reset, RetryAfter: after, Remaining: zeroLeft}, 30 * minute, true},
		{"Retry-After of zero", ratelimit.Observation{Class: ratelimit.OK, RetryAfter: ratelimit.Known[time.Duration](0)}, 0, true},
		{"made-up Retry-After", ratelimit.Observation{RetryAfter: ratelimit.Known[time.Duration](-minute)}, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, asked := tt.o.Wait(epoch)
			if got != tt.want || asked != tt.asked {
				t.Errorf("Wait() = %v, %v, want %v, %v", got, asked, tt.want, tt.asked)
			}
		})
	}
}

func TestWait_shrinks_as_time_passes(t *testing.T) {
	t.Parallel()
	o := observe(t, ratelimit.GitHub, "Date", hostDate, "Retry-After", "90")
	for later, want := range map[time.Duration]time.Duration{
		0: 90 * time.Second, time.Minute: 30 * time.Second, time.Hour: 0, -time.Hour: 90 * time.Second,
	} {
		if got, _ := o.Wait(epoch.Add(later)); got != want {
			t.Errorf("Wait() %v after the answer = %v, want %v", later, got, want)
		}
	}
}

func TestString_names_every_value_in_snake_case(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		ratelimit.Other.String():               "other",
		ratelimit.OK.String():                  "ok",
		ratelimit.PrimaryLimit.String():        "primary_limit",
		ratelimit.SecondaryLimit.String():      "secondary_limit",
		ratelimit.Unauthorized.String():        "unauthorized",
		ratelimit.Forbidden.String():           "forbidden",
		ratelimit.NotFound.String():            "not_found",
		ratelimit.ServerError.String():         "server_error",
		ratelimit.Class(99).String():           "class(99)",
		ratelimit.NoNumbers.String():           "none",
		ratelimit.TokenNumbers.String():        "token",
		ratelimit.IPNumbers.String():           "ip",
		ratelimit.Scope(99).String():           "scope(99)",
		ratelimit.Unproven.String():            "unproven",
		ratelimit.Valid.String():               "valid",
		ratelimit.Invalid.String():             "invalid",
		ratelimit.Validity(99).String():        "validity(99)",
		ratelimit.SwapNever.String():           "never",
		ratelimit.SwapAlways.String():          "always",
		ratelimit.SwapByPolicy.String():        "by_policy",
		ratelimit.Advice(99).String():          "advice(99)",
		ratelimit.Generic.String():             "generic",
		ratelimit.GitHub.String():              "github",
		ratelimit.GitHubEnterprise.String():    "github_enterprise",
		ratelimit.GitLab.String():              "gitlab",
		ratelimit.BitbucketCloud.String():      "bitbucket_cloud",
		ratelimit.BitbucketDataCenter.String(): "bitbucket_data_center",
		ratelimit.AzureDevOps.String():         "azure_devops",
		ratelimit.Dialect(99).String():         "dialect(99)",
	} {
		compare(t, "String()", got, want)
	}
}
