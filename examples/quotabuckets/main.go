// Quotabuckets shows what local buckets hold, and takes several tokens at once.
//
//	go run ./examples/quotabuckets
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
	client, err := quota.New("example-key", "application", service, quota.WithBucketSize(20))
	if err != nil {
		return err
	}
	defer client.Close()

	for _, n := range []int{1, 12, 12, 12} {
		d, err := client.AllowN(ctx, "user123", quota.Operation("send_email"), n)
		if err != nil {
			return err
		}
		if !d.Allowed {
			fmt.Fprintf(stdout, "%d denied, try again in %v\n", n, d.RetryAfter)
			continue
		}
		fmt.Fprintf(stdout, "%d allowed, local: %v, bucket: %d of %d\n", n, d.Local, d.Bucket.Remaining, d.Bucket.Max)
	}
	for _, b := range client.Buckets() {
		fmt.Fprintf(stdout, "%s, rule %s: %d of %d\n", b.User, b.Rule.Name, b.Remaining, b.Max)
	}
	client.Reset()
	fmt.Fprintln(stdout, "after Reset:", len(client.Buckets()), "buckets")
	return nil
}

// simulated returns the option of a client whose service is in memory.
func simulated() (quota.Option, error) {
	s := quota.NewServer(quota.ServerConfig{})
	err := s.AddApplication(quota.Application{ID: "application", Key: quota.NewKey("example-key"), RefillRate: 1, BurstRate: 2})
	if err != nil {
		return nil, err
	}
	rule := quota.RuleSpec{Operation: "send_email", RefillRate: 0.1, BurstRate: 30}
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
