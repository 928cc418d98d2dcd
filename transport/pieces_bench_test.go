package transport

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// BenchmarkPieces measures what a call consists of, each by itself.
func BenchmarkPieces(b *testing.B) {
	u := &url.URL{Scheme: "https", Host: "api.github.com", Path: "/users/octocat"}
	reset := time.Now().Add(time.Hour).Unix()
	header := http.Header{
		"Content-Type": {"application/json; charset=utf-8"}, "Date": {time.Now().UTC().Format(http.TimeFormat)},
		"Etag": {`W/"ee1dcb6549b6c8fc14267ae3abde8f38"`}, "Vary": {"Accept, Authorization"},
		"X-Github-Media-Type": {"github.v3; format=json"}, "X-Github-Request-Id": {"4C32:E66A2:1:2:3"}, "X-Oauth-Scopes": {"repo, user"},
		"X-Ratelimit-Limit": {"1000000000"}, "X-Ratelimit-Remaining": {"999999999"}, "X-Ratelimit-Used": {"1"},
		"X-Ratelimit-Resource": {"core"}, "X-Ratelimit-Reset": {strconv.FormatInt(reset, 10)},
	}
	ts := make([]tokens.Token, 10)
	for i := range ts {
		ts[i] = tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(fmt.Sprintf("bench-token-%06d", i))}
	}
	m, err := tokens.NewManager(tokens.Config{Pace: &ratelimit.Pace{PointsPerMinute: 1 << 40}}, ts...)
	if err != nil {
		b.Fatal(err)
	}
	t := &Transport{Manager: m, Provider: tokens.GitHub}
	h, _ := m.Host(tokens.GitHub, u)
	req := &http.Request{
		Method: http.MethodGet, URL: u, Host: u.Host,
		Header: http.Header{"Accept": {"application/vnd.github+json"}, "User-Agent": {"bench"}, "X-Github-Api-Version": {"2022-11-28"}},
	}
	resp := &http.Response{StatusCode: http.StatusOK, Header: header, Body: http.NoBody, Request: req}
	asked, answer := ratelimit.Request{Method: req.Method, URL: u}, ratelimit.Response{Status: resp.StatusCode, Header: header}
	r := tokens.Request{Draw: h.Dialect().Draw(asked)}
	seen := h.Dialect().Observe(asked, answer, time.Now())
	lease, err := h.Lease(b.Context(), r)
	if err != nil {
		b.Fatal(err)
	}
	c := newCall(t, h, req)
	for _, piece := range []struct {
		name string
		do   func()
	}{
		{"what the request draws on", func() { h.Dialect().Draw(asked) }},
		{"whose things it is about", func() { c.route(override{}) }},
		{"a lease and its end", func() { l, _ := h.Lease(b.Context(), r); l.Settle(seen) }},
		{"the header with the token", func() { lease.Authorized(req.Header) }},
		{"the copy and the record", func() { c := newCall(t, h, req); c.sent.request = *req; c.free() }},
		{"the answer", func() { h.Dialect().Observe(asked, answer, time.Now()) }},
		{"what the caller is shown", func() { c.deliver(resp, &seen) }},
	} {
		b.Run(piece.name, func(b *testing.B) {
			for b.Loop() {
				piece.do()
			}
		})
	}
}
