package transport_test

import (
	"net/http"
	"testing"

	"github.com/jarcoal/httpmock"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// A mock answers every call with one and the same header map, as users' mocks
// do: what the transport changes in an answer must not come back with the next.
func TestI14_RoundTrip_does_not_write_into_a_header_that_the_base_shares(t *testing.T) {
	t.Parallel()
	header := http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Limit": {"5000"}}
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder("GET", "https://api.github.com/users/user-1", func(*http.Request) (*http.Response, error) {
		resp := httpmock.NewStringResponse(http.StatusOK, "{}")
		resp.Header = header
		return resp, nil
	})
	client := &http.Client{Transport: &transport.Transport{
		Manager:  manager(t, "a"),
		Provider: tokens.GitHub,
		Base:     mock,
	}}
	resp, err := client.Get("https://api.github.com/users/user-1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("X-RateLimit-Remaining"); got != "1" {
		t.Errorf("the caller reads Remaining %q, want 1", got)
	}
	if got := header.Get("X-RateLimit-Remaining"); got != "0" {
		t.Errorf("the base's own header says %q now, want 0", got)
	}
	if n := mock.GetTotalCallCount(); n != 1 {
		t.Errorf("%d requests were sent, want 1", n)
	}
}
