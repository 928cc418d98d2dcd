// Quotacomplete sends mails within a quota, and waits for the token that is missing.
//
//	go run ./examples/quotacomplete
//
// Nothing leaves the machine. For a service on the network replace the option of
// simulated by quota.WithBaseURL.
package main

import (
	"context"
	"errors"
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
	client, err := quota.New("example-key", "application", service, quota.WithBucketSize(2))
	if err != nil {
		return err
	}
	defer client.Close()

	send := quota.Operation("send_email")
	for mail := range 3 {
		d, err := client.Allow(ctx, "user123", send)
		switch {
		case errors.Is(err, quota.ErrUnauthorized):
			return fmt.Errorf("authentication failed: %w", err)
		case errors.Is(err, quota.ErrTooManyRequests):
			return fmt.Errorf("the API key is limited: %w", err)
		case err != nil:
			return err
		case d.Allowed:
			fmt.Fprintf(stdout, "mail %d sent\n", mail+1)
			continue
		}
		fmt.Fprintf(stdout, "mail %d has to wait for %v\n", mail+1, d.RetryAfter)
		if err := client.Wait(ctx, "user123", send); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "mail %d sent\n", mail+1)
	}
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
