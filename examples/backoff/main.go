// Backoff reads what a host says of its limits and failures in code that has
// neither a manager nor a transport of GitFleet: it sends, asks package
// ratelimit what the answer means, and pauses before it sends again.
//
//	go run ./examples/backoff
//
// Nothing leaves the machine. For github.com change the line in run that says
// so.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/ratelimit"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	client := &http.Client{Transport: simulated()} // github.com: http.DefaultTransport

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.github.com/orgs/golang", nil)
	if err != nil {
		return err
	}
	backoff := ratelimit.Backoff{Min: 200 * time.Millisecond, Max: 10 * time.Second}
	for failures := range 5 {
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		pause, again := look(req, resp, backoff.Delay(failures, rand.Float64()))
		if err := resp.Body.Close(); err != nil {
			return err
		}
		if !again {
			fmt.Fprintln(stdout, resp.Status)
			return nil
		}
		fmt.Fprintln(stdout, resp.Status, "again in about", pause.Round(200*time.Millisecond))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.New("given up")
}

// look returns whether to send the request again, and when: after what the host
// asked for or, if it named no time, after fallback.
func look(req *http.Request, resp *http.Response, fallback time.Duration) (pause time.Duration, again bool) {
	seen := ratelimit.GitHub.Observe(
		ratelimit.Request{Method: req.Method, URL: req.URL, Anonymous: true},
		ratelimit.Response{Status: resp.StatusCode, Header: resp.Header},
		time.Now(),
	)
	if !seen.Class.Limit() && seen.Class != ratelimit.ServerError {
		return 0, false
	}
	if wait, asked := seen.Wait(time.Now()); asked {
		return wait, true
	}
	return fallback, true
}

// simulated returns a GitHub in memory that fails twice, then asks for a second
// of patience, and then answers.
func simulated() *fleettest.GitHub {
	sim := fleettest.NewGitHub(fleettest.Config{
		Organizations: []fleettest.Owner{{Login: "golang", Repositories: 1}},
	})
	sim.Inject(fleettest.Fault{Status: http.StatusBadGateway, Times: 2})
	sim.Inject(fleettest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}})
	return sim
}
