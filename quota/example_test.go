package quota_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/gitfleet/gitfleet/quota"
)

// exampleService is a service with one rule, on a socket of this machine.
func exampleService() *httptest.Server {
	s := quota.NewServer(quota.ServerConfig{})
	if err := s.AddApplication(quota.Application{ID: "shop", Key: quota.NewKey("example-key"), RefillRate: 1, BurstRate: 2}); err != nil {
		log.Fatal(err)
	}
	if _, err := s.AddRule("shop", quota.RuleSpec{Operation: "send_email", RefillRate: 0.001, BurstRate: 8}); err != nil {
		log.Fatal(err)
	}
	return httptest.NewServer(s)
}

func ExampleClient_Allow() {
	service := exampleService()
	defer service.Close()
	c, err := quota.New("example-key", "shop", quota.WithBaseURL(service.URL))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	for range 3 {
		d, err := c.Allow(context.Background(), "user123", quota.Operation("send_email"))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(d.Allowed, "local:", d.Local, "left:", d.Bucket.Remaining)
	}
	// Output:
	// true local: false left: 4
	// true local: true left: 3
	// true local: true left: 2
}

func ExampleClient_AllowN() {
	service := exampleService()
	defer service.Close()
	c, err := quota.New("example-key", "shop", quota.WithBaseURL(service.URL))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	for range 2 {
		d, err := c.AllowN(context.Background(), "user123", quota.Operation("send_email"), 7)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(d.Allowed, "left:", d.Bucket.Remaining, "retry in", d.RetryAfter.Round(time.Minute))
	}
	// Output:
	// true left: 0 retry in 0s
	// false left: 1 retry in 1h40m0s
}

func ExampleClient_Consume() {
	service := exampleService()
	defer service.Close()
	c, err := quota.New("example-key", "shop", quota.WithBaseURL(service.URL))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	for range 2 {
		r, err := c.Consume(context.Background(), quota.Request{User: "user123", Tokens: 5, Target: quota.Operation("send_email")})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.Allowed(), "consumed:", r.Consumed, "left:", r.Remaining, "throttles:", r.Throttles)
	}
	// Output:
	// true consumed: 5 left: 3 throttles: 0
	// false consumed: 0 left: 3 throttles: 1
}

func ExampleMiddleware() {
	service := exampleService()
	defer service.Close()
	c, err := quota.New("example-key", "shop", quota.WithBaseURL(service.URL), quota.WithFailOpen(true))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	user := func(r *http.Request) string { name, _, _ := r.BasicAuth(); return name }
	h := quota.Middleware(c, user)(http.NotFoundHandler())
	for range 3 {
		r := httptest.NewRequest("GET", "/orders", nil)
		r.SetBasicAuth("user123", "")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Printf("%d %q\n", w.Code, w.Header().Get("Retry-After"))
	}
	// Output:
	// 404 ""
	// 404 ""
	// 429 "1"
}
