package quota

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	firstPause = 100 * time.Millisecond // before the first retry; doubles from there
	maxPause   = 30 * time.Second       // of any retry, also where the service asks for more
	maxAnswer  = 1 << 20                // bytes read of an answer
	maxBody    = 64 << 10               // bytes of a request, and of an error's body
)

// Consume asks the service for r.Tokens tokens, all or none, and uses no local bucket.
// A denial is a Result that consumed none. The error matches [ErrInvalidRequest], is an
// [*APIError], a [*NetworkError] or a [*TimeoutError], or the error of ctx.
func (c *Client) Consume(ctx context.Context, r Request) (Result, error) {
	if err := r.Validate(); err != nil {
		return Result{}, err
	}
	if c.life.Err() != nil {
		return Result{}, ErrClosed
	}
	result, err := c.send(ctx, consumeRequest{
		Application: c.settings.Application,
		User:        r.User,
		Tokens:      r.Tokens,
		Operation:   optional(r.Operation),
		Path:        optional(r.Path),
		Method:      optional(strings.ToUpper(r.Method)),
	})
	if err != nil {
		return Result{}, err
	}
	if burst := result.Rule.BurstRate; !result.Allowed() && (burst == 0 || r.Tokens <= burst) {
		result.RetryAfter = refillTime(max(1, r.Tokens-result.Remaining), result.Rule.RefillRate)
	}
	return result, nil
}

// send sends a request for tokens, and again as long as that may help. All attempts
// bear one idempotency key, so that tokens are consumed once.
func (c *Client) send(ctx context.Context, r consumeRequest) (Result, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return Result{}, fmt.Errorf("%w: %w", ErrInvalidRequest, err)
	}
	once := rand.Text()
	for attempt := 0; ; attempt++ {
		result, err := c.attempt(ctx, body, once)
		if err == nil || attempt >= c.settings.Retries || !isOutage(err) {
			return result, err
		}
		var api *APIError
		pause := pauseAfter(attempt)
		if errors.As(err, &api) && api.RetryAfter > 0 {
			if pause = api.RetryAfter; pause > maxPause {
				return result, err
			}
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < pause {
			return result, err // the pause would only hide why
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return Result{}, ctx.Err()
		}
	}
}

// pauseAfter returns how long to wait after the attempt with the given number, from
// 0: doubling, with up to a quarter added by chance.
func pauseAfter(attempt int) time.Duration {
	pause := min(firstPause<<min(attempt, 16), maxPause)
	return pause + mathrand.N(pause/4)
}

// attempt sends the request once.
func (c *Client) attempt(ctx context.Context, body []byte, once string) (Result, error) {
	within := ctx
	if c.settings.Timeout > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, c.settings.Timeout)
		defer cancel()
	}
	req, err := http.NewRequestWithContext(within, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return Result{}, &NetworkError{Err: err}
	}
	c.header(req.Header, once)
	resp, err := c.http.Do(req)
	if err != nil {
		return Result{}, c.broken(ctx, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return Result{}, c.broken(ctx, err)
	}
	if resp.StatusCode != http.StatusOK {
		return Result{}, c.refused(resp, answer)
	}
	result, err := parseAnswer(answer)
	if err != nil {
		return Result{}, &APIError{StatusCode: resp.StatusCode, Message: err.Error(), Body: c.withoutKey(answer)}
	}
	return result, nil
}

func (c *Client) header(h http.Header, once string) {
	key := c.settings.Key.Reveal()
	if c.settings.AuthHeader == Bearer {
		key = "Bearer " + key
	}
	h.Set(string(c.settings.AuthHeader), key)
	h.Set(applicationHeader, c.settings.Application)
	h.Set(onceHeader, once)
	h.Set("Accept", "application/json")
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "lightrate-client-go (gitfleet)")
}

// broken is the error of an attempt that got no answer or only part of one.
func (c *Client) broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err() // the caller's own
	}
	var slow net.Error
	if errors.As(err, &slow) && slow.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return &TimeoutError{After: cmp.Or(c.settings.Timeout, c.http.Timeout), Err: err}
	}
	return &NetworkError{Err: err}
}

// refused is the error of an answer other than 200.
func (c *Client) refused(resp *http.Response, body []byte) *APIError {
	var p problem
	_ = json.Unmarshal(body, &p) // what is no JSON has no message
	message := cmp.Or(p.Message, p.Error, fmt.Sprintf("HTTP %d Error", resp.StatusCode))
	return &APIError{
		StatusCode: resp.StatusCode,
		Message:    oneLine(c.withoutKey([]byte(message))),
		Body:       c.withoutKey(body),
		RetryAfter: retryAfter(resp.Header.Get("Retry-After")),
	}
}

// withoutKey returns text as an error may show it: services quote what they refuse.
func (c *Client) withoutKey(text []byte) string {
	clean := strings.ReplaceAll(string(text), c.settings.Key.Reveal(), redacted)
	return clean[:min(len(clean), maxBody)]
}

// oneLine returns at most 200 runes of text, without line breaks.
func oneLine(text string) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	return string(runes[:min(len(runes), 200)])
}

// retryAfter reads a Retry-After header, seconds or a date (RFC 9110, 10.2.3), 0 if
// there is none or it is past.
func retryAfter(value string) time.Duration {
	if seconds, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
		return time.Duration(min(max(seconds, 0), 1<<31)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}
