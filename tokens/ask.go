package tokens

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

const (
	// askAtOnce is how many tokens the hosts are asked about at the same time.
	askAtOnce = 8

	// maxReply is how much of an answer to a request of the manager's own is read.
	maxReply = 64 << 10
)

// atOnce calls do with each of the tokens, some at a time, and waits for all.
func atOnce(all []*entry, do func(i int, e *entry)) {
	places := make(chan struct{}, askAtOnce)
	var wg sync.WaitGroup
	for i, e := range all {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			do(i, e)
		})
	}
	wg.Wait()
}

// reply is the answer to a request of the manager's own.
type reply struct {
	seen   ratelimit.Observation
	status int
	header http.Header
	body   []byte // the first 64 KiB
}

// refusal is the error that says what the host answered instead.
func (r reply) refusal() error {
	if r.seen.Message == "" {
		return fmt.Errorf("the host answered %d", r.status)
	}
	return fmt.Errorf("the host answered %d: %s", r.status, r.seen.Message)
}

// into reads the JSON of a good answer.
func (r reply) into(v any) error {
	if r.seen.Class != ratelimit.OK {
		return r.refusal()
	}
	if err := json.Unmarshal(r.body, v); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return nil
}

// ask sends a request of the manager's own with one token. It waits for its turn
// and for the answer, 10 s each at most, and is counted like any other call.
func (h *Host) ask(ctx context.Context, e *entry, asked ratelimit.Request) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*probeTimeout)
	defer cancel()
	lease, err := h.Lease(ctx, Request{Draw: h.dialect.Draw(asked), Token: e.id, MaxWait: probeTimeout})
	if err != nil {
		return reply{}, err
	}
	defer lease.Lost() // unless it is settled
	ctx, cancel = context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	header := http.Header{}
	lease.Authorize(header)
	r, err := h.exchange(ctx, h.manager.config.base(nil), asked, header)
	if err != nil {
		return reply{}, err
	}
	lease.Settle(r.seen)
	return r, nil
}

// exchange sends a request of the manager's own to the host's own API, with a
// header that has the credential.
func (h *Host) exchange(ctx context.Context, base http.RoundTripper, asked ratelimit.Request, header http.Header) (reply, error) {
	header.Set("User-Agent", "gitfleet")
	header.Set("Accept", "application/json")
	req := (&http.Request{Method: asked.Method, URL: new(*asked.URL), Host: asked.URL.Host, Header: header}).WithContext(ctx)
	if asked.Body != nil {
		header.Set("Content-Type", "application/json")
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(asked.Body)), int64(len(asked.Body))
	}
	resp, err := base.RoundTrip(req)
	if err != nil {
		return reply{}, err
	}
	if resp.Body == nil {
		resp.Body = http.NoBody // some RoundTrippers in tests leave it out
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return reply{}, err
	}
	seen := h.dialect.Observe(asked, ratelimit.Response{Status: resp.StatusCode, Header: resp.Header, Body: body}, time.Now())
	return reply{seen: seen, status: resp.StatusCode, header: resp.Header, body: body}, nil
}
