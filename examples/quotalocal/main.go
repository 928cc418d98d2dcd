// Quotalocal takes tokens from local buckets, by operation and by path.
//
//	go run ./examples/quotalocal
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

	targets := []quota.Target{
		quota.Operation("send_email"),
		quota.Operation("send_email"),
		quota.Path("POST", "/api/v1/emails/send"),
		quota.Path("POST", "/api/v1/emails/42/resend"),
	}
	for _, target := range targets {
		d, err := client.Allow(ctx, "user123", target)
		if err != nil {
			return err
		}
		switch {
		case d.Local:
			fmt.Fprintf(stdout, "%v: token from the local bucket\n", target)
		case d.Allowed:
			fmt.Fprintf(stdout, "%v: token from the service\n", target)
		default:
			fmt.Fprintf(stdout, "%v: rate limited\n", target)
		}
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
	rule := quota.RuleSpec{Operation: "send_email", RefillRate: 0.1, BurstRate: 10}
	if _, err := s.AddRule("application", rule); err != nil {
		return nil, err
	}
	path := quota.RuleSpec{Path: "/api/v1/emails/.*", HTTPMethod: "POST", RefillRate: 1, BurstRate: 10}
	if _, err := s.AddRule("application", path); err != nil {
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
