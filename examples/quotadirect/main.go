// Quotadirect asks the service each time, without local buckets.
//
//	go run ./examples/quotadirect
//
// Nothing leaves the machine. For a service on the network replace the option of
// simulated by quota.WithBaseURL.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/gitfleet/gitfleet/quota"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	service, err := simulated()
	if err != nil {
		return err
	}
	client, err := quota.New("example-key", "application", service)
	if err != nil {
		return err
	}
	defer client.Close()

	for range 3 {
		r, err := client.Consume(ctx, quota.Request{User: "user123", Tokens: 1, Target: quota.Operation("send_email")})
		if err != nil {
			return err
		}
		if !r.Allowed() {
			fmt.Fprintf(stdout, "rate limited for %v, throttled %d times\n", r.RetryAfter, r.Throttles)
			continue
		}
		fmt.Fprintf(stdout, "consumed %d by rule %s, remaining %d\n", r.Consumed, r.Rule.Name, r.Remaining)
	}
	r, err := client.Consume(ctx, quota.Request{User: "user123", Tokens: 2})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "the default bucket: %v, consumed %d\n", r.Rule.IsDefault, r.Consumed)
	return nil
}

// simulated returns the option of a client whose service is in memory.
func simulated() (quota.Option, error) {
	s := quota.NewServer(quota.ServerConfig{})
	err := s.AddApplication(quota.Application{ID: "application", Key: quota.NewKey("example-key"), RefillRate: 1, BurstRate: 2})
	if err != nil {
		return nil, err
	}
	rule := quota.RuleSpec{Operation: "send_email", RefillRate: 0.1, BurstRate: 2}
	if _, err := s.AddRule("application", rule); err != nil {
		return nil, err
	}
	return quota.WithHTTPClient(&http.Client{Transport: inMemory{s}}), nil
}

// inMemory hands requests to a handler.
type inMemory struct{ http.Handler }

// RoundTrip implements [http.RoundTripper].
func (h inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}
