package githubapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gitfleet/gitfleet/ratelimit"
)

const (
	// A JWT may live for 10 minutes, and GitHub advises to date it 60 s back in
	// case the clocks differ (GitHub Docs, "Generating a JSON Web Token (JWT)
	// for a GitHub App"). One minute less leaves room for a fast clock.
	jwtBack = time.Minute
	jwtLife = 9 * time.Minute

	// maxBody bounds what is read of one answer, in bytes.
	maxBody = 4 << 20

	// maxDrained is read of what is left in a body, so that its connection can
	// be used again.
	maxDrained = 64 << 10
)

// call sends one request of the App's own, without following redirects, and
// decodes the answer. Its errors quote of the answer the status only.
func (a *App) call(ctx context.Context, method string, u *url.URL, want int, into any) (http.Header, error) {
	if err := a.resting(time.Now()); err != nil {
		return nil, err
	}
	req, err := a.request(ctx, method, u)
	if err != nil {
		return nil, err
	}
	resp, err := a.sender.RoundTrip(req)
	switch {
	case err != nil:
		return nil, err
	case resp == nil:
		return nil, errors.New("the RoundTripper returned neither an answer nor an error")
	case resp.Body == nil:
		resp.Body = http.NoBody // some RoundTrippers in tests leave it out
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case len(body) > maxBody:
		_, _ = io.CopyN(io.Discard, resp.Body, maxDrained)
		return nil, fmt.Errorf("the answer has more than %d bytes", maxBody)
	case resp.StatusCode != want:
		return nil, a.refused(u, resp, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return nil, errors.New("the answer is not the JSON that it should be")
	}
	return resp.Header, nil
}

func (a *App) request(ctx context.Context, method string, u *url.URL) (*http.Request, error) {
	token, err := a.jwt(time.Now())
	if err != nil {
		return nil, errors.New("the key cannot sign") // what the library says could quote it
	}
	header := http.Header{}
	header.Set("Accept", "application/vnd.github+json")
	header.Set("Authorization", "Bearer "+token)
	header.Set("User-Agent", "gitfleet")
	header.Set("X-Github-Api-Version", "2022-11-28")
	return (&http.Request{Method: method, URL: u, Host: u.Host, Header: header}).WithContext(ctx), nil
}

func (a *App) jwt(now time.Time) (string, error) {
	return jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer:    a.id,
		IssuedAt:  jwt.NewNumericDate(now.Add(-jwtBack)),
		ExpiresAt: jwt.NewNumericDate(now.Add(jwtLife - jwtBack)),
	}).SignedString(a.key())
}

// refused makes the error of an answer with another status than the wanted. A
// limit holds for all requests of the App, whichever installation they are for.
func (a *App) refused(u *url.URL, resp *http.Response, body []byte) error {
	now := time.Now()
	seen := ratelimit.GitHub.Observe(
		ratelimit.Request{Method: http.MethodGet, URL: u},
		ratelimit.Response{Status: resp.StatusCode, Header: resp.Header, Body: body},
		now,
	)
	if seen.Class.Limit() {
		wait, ok := seen.Wait(now)
		if !ok {
			wait = ratelimit.SecondaryBackoff().Min
		}
		a.mu.Lock()
		a.rest = now.Add(wait)
		a.mu.Unlock()
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		return errors.New("status 401: GitHub does not take the app's key; are ID, key and clock right?")
	case http.StatusNotFound:
		return errors.New("status 404: there is no such app or installation here")
	}
	return fmt.Errorf("status %d", resp.StatusCode)
}

// resting keeps the App from asking again before a limit ends.
func (a *App) resting(now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Before(a.rest) {
		return fmt.Errorf("rate limited until %s", a.rest.UTC().Format(time.RFC3339))
	}
	return nil
}

// next returns the address of the page after the one at u, nil if it was the
// last. The JWT is not sent elsewhere, whatever the host links to (I2).
func (a *App) next(u *url.URL, h http.Header) (*url.URL, error) {
	link := nextLink(h)
	if link == "" {
		return nil, nil
	}
	next, err := u.Parse(link)
	if err != nil || next.Scheme != u.Scheme || next.Host != u.Host || next.Path != u.Path || next.User != nil {
		return nil, errors.New("the link to the next page leads elsewhere")
	}
	return next, nil
}

// nextLink finds the link with rel="next" (RFC 8288) in the Link fields.
func nextLink(h http.Header) string {
	for _, field := range h.Values("Link") {
		for _, link := range strings.Split(field, ",") {
			address, params, ok := strings.Cut(strings.TrimSpace(link), ">")
			if ok && strings.HasPrefix(address, "<") && strings.Contains(params, `rel="next"`) {
				return address[1:]
			}
		}
	}
	return ""
}
