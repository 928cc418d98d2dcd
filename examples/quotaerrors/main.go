// Quotaerrors tells the errors of a quota service apart, and lets calls pass while it is down.
//
//	go run ./examples/quotaerrors
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
	for _, failure := range []struct {
		name string
		err  error
		code int
	}{{"wrong key", nil, 401}, {"unknown application", nil, 404}, {"out of order", nil, 503}, {"unplugged", errors.New("connection refused"), 0}} {
		broken := quota.WithHTTPClient(&http.Client{Transport: failing{failure.err, failure.code}})
		client, err := quota.New("example-key", "application", broken, quota.WithRetries(1))
		if err != nil {
			return err
		}
		_, err = client.Consume(ctx, quota.Request{User: "user123", Tokens: 1, Target: quota.Operation("send_email")})
		fmt.Fprintf(stdout, "%s: %s\n", failure.name, kind(err))
		client.Close()
	}

	down := quota.WithHTTPClient(&http.Client{Transport: failing{nil, 503}})
	open, err := quota.New("example-key", "application", down, quota.WithRetries(0), quota.WithFailOpen(true))
	if err != nil {
		return err
	}
	defer open.Close()
	d, err := open.Allow(ctx, "user123", quota.Operation("send_email"))
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "fail open: allowed %v, unchecked %v\n", d.Allowed, d.FailedOpen)

	client, err := quota.New("example-key", "application", service)
	if err != nil {
		return err
	}
	defer client.Close()
	_, err = client.AllowN(ctx, "user123", quota.Operation("send_email"), 3)
	fmt.Fprintln(stdout, err)
	return nil
}

// kind says what sort of error err is.
func kind(err error) string {
	var api *quota.APIError
	var timeout *quota.TimeoutError
	var network *quota.NetworkError
	switch {
	case errors.Is(err, quota.ErrUnauthorized):
		return "authentication failed"
	case errors.Is(err, quota.ErrNotFound):
		return "not found"
	case errors.As(err, &api):
		return fmt.Sprintf("API error %d: %s", api.StatusCode, api.Message)
	case errors.As(err, &timeout):
		return fmt.Sprintf("timed out after %v", timeout.After)
	case errors.As(err, &network):
		return "network error"
	}
	return fmt.Sprint(err)
}

// failing fails every request.
type failing struct {
	err  error
	code int
}

// RoundTrip implements [http.RoundTripper].
func (f failing) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: f.code, Body: http.NoBody}, f.err
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
