// Quotaconfig shows how a client is configured, and that wrong settings are all named at once.
//
//	go run ./examples/quotaconfig
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
	"time"

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
	simple, err := quota.New("example-key", "application", service)
	if err != nil {
		return err
	}
	defer simple.Close()
	show(stdout, "defaults", simple.Config())

	client, err := quota.New("example-key", "application", service,
		quota.WithTimeout(time.Minute),
		quota.WithRetries(0), // none, not the default
		quota.WithBucketSize(20),
		quota.WithBucketSizeFor(quota.Operation("send_email"), 10))
	if err != nil {
		return err
	}
	defer client.Close()
	show(stdout, "with options", client.Config())

	d, err := client.Allow(ctx, "user123", quota.Operation("send_email"))
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "the first batch leaves", d.Bucket.Remaining)

	_, err = quota.New("", "", quota.WithTimeout(-1))
	fmt.Fprintln(stdout, err)
	return nil
}

// show prints a configuration. The key prints as [secret].
func show(w io.Writer, name string, c quota.Config) {
	fmt.Fprintf(w, "%s: key %v, timeout %v, %d retries, buckets of %d\n", name, c.Key, c.Timeout, c.Retries, c.BucketSize)
}

// simulated returns the option of a client whose service is in memory.
func simulated() (quota.Option, error) {
	s := quota.NewServer(quota.ServerConfig{})
	err := s.AddApplication(quota.Application{ID: "application", Key: quota.NewKey("example-key"), RefillRate: 1, BurstRate: 2})
	if err != nil {
		return nil, err
	}
	rule := quota.RuleSpec{Operation: "send_email", RefillRate: 0.1, BurstRate: 10}
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
