package ratelimit_test

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

func ExampleDialect_Observe() {
	u, _ := url.Parse("https://api.github.com/search/issues?q=is:open")
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	resp := ratelimit.Response{Status: 403, Header: http.Header{}}
	resp.Header.Set("X-RateLimit-Limit", "30")
	resp.Header.Set("X-RateLimit-Remaining", "21")
	resp.Header.Set("X-RateLimit-Reset", "1772355647")
	resp.Header.Set("Retry-After", "60")
	resp.Body = []byte(`{"message": "You have exceeded a secondary rate limit."}`)

	o := ratelimit.GitHub.Observe(ratelimit.Request{URL: u}, resp, now)
	pause, asked := o.Wait(now)
	fmt.Println(o.Class, o.Resource, o.Remaining, "of", o.Limit)
	fmt.Println(pause, asked)
	// Output:
	// secondary_limit search 21 of 30
	// 1m0s true
}

func ExampleDialect_Draw() {
	u, _ := url.Parse("https://api.github.com/repos/acme/app/issues")
	fmt.Printf("%+v\n", ratelimit.GitHub.Draw(ratelimit.Request{Method: "POST", URL: u}))
	// Output: {Resource:core Units:1 Points:5 Creates:true Route:0}
}

func ExampleBackoff() {
	b := ratelimit.SecondaryBackoff()
	for failures := range 6 {
		fmt.Print(b.Delay(failures, 0), " ")
	}
	fmt.Println()
	// Output: 1m0s 2m0s 4m0s 8m0s 15m0s 15m0s
}

func ExampleOptional() {
	var o ratelimit.Observation
	fmt.Println(o.Remaining, ratelimit.Known(0))
	// Output: unknown 0
}
