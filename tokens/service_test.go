package tokens_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// opaque is a token of the service "acme".
func opaque(name string) tokens.Token {
	return tokens.Token{Provider: "acme", Scheme: tokens.Opaque, ID: tokens.ID("acme/" + name)}
}

func service(t testing.TB, ts ...tokens.Token) (*tokens.Manager, *tokens.Host) {
	t.Helper()
	m, err := tokens.NewManager(tokens.Config{Base: refusing{}}, ts...)
	if err != nil {
		t.Fatal(err)
	}
	h, err := m.Service("acme")
	if err != nil {
		t.Fatal(err)
	}
	return m, h
}

// refusing is a RoundTripper that must not be used.
type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("a request was sent")
}

func TestService_takes_own_names_only_in_a_form_that_cannot_be_mistaken(t *testing.T) {
	t.Parallel()
	m, _ := service(t)
	for _, name := range []tokens.ProviderType{"github", "gitlab", "bitbucket", "", "Acme", "a/b", "1a", "a b", tokens.ProviderType(strings.Repeat("a", 65))} {
		if _, err := m.Service(name); err == nil {
			t.Errorf("Service(%q) is no error", name)
		}
	}
	if _, err := tokens.ParseProviderType("acme"); err == nil {
		t.Error("ParseProviderType takes the name of a service")
	}
	for _, bad := range []tokens.Token{
		{Provider: "acme", Secret: tokens.Static(canary.Token("typo"))}, // a misspelt host stays an error
		{Provider: tokens.GitHub, Scheme: tokens.Opaque, ID: "github/x"},
		{Provider: "acme", Scheme: tokens.Opaque, ID: "zeta/x"},
		{Provider: "acme", Scheme: tokens.Opaque, ID: "acme/"},
		{Provider: "acme", Scheme: tokens.Opaque, ID: "acme/x", Secret: tokens.Static(canary.Token("opaque"))},
		{Provider: "acme", Scheme: tokens.Opaque, ID: "acme/x", Host: "https://acme.example"},
		{Provider: tokens.GitHub, ID: "mine", Secret: tokens.Static(canary.Token("id"))},
	} {
		if err := m.Add(bad); err == nil || strings.Contains(err.Error(), canary.Mark) {
			t.Errorf("Add(%v) = %v, want an error", bad, err)
		}
	}
}

func TestI2_An_opaque_token_goes_into_no_request(t *testing.T) {
	t.Parallel()
	m, h := service(t, opaque("k1"))
	for _, at := range []string{"https://acme", "https://acme.example/x", "https://api.github.com/user", "/x", ""} {
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := m.Host("acme", u); ok || h.Contains(u) {
			t.Errorf("%q belongs to the service", at)
		}
	}
	l := lease(t, h, tokens.Request{})
	header := http.Header{"Authorization": {"Bearer theirs"}, "Accept": {"x"}}
	if got := l.Authorized(header); len(got) != 1 || got.Get("Accept") != "x" {
		t.Errorf("Authorized() = %v", got)
	}
	if l.Authorize(header); len(header) != 1 {
		t.Errorf("Authorize wrote %v", header)
	}
	if m.Holds(http.Header{"Authorization": {""}}) {
		t.Error("the manager holds an empty secret")
	}
	l.Settle(ratelimit.Observation{Class: ratelimit.Unauthorized})
	if s := l.Confirm(t.Context(), refusing{}); s != tokens.Suspect {
		t.Errorf("Confirm() = %v", s)
	}
	for _, err := range []error{m.Identify(t.Context()), m.Prime(t.Context())} {
		if err != nil {
			t.Errorf("all tokens: %v", err)
		}
	}
	if all := m.RevalidateAll(t.Context(), ""); len(all) > 0 {
		t.Errorf("RevalidateAll asked about %v", all)
	}
	_, err := m.Revalidate(t.Context(), "acme/k1")
	for _, err := range []error{err, m.Identify(t.Context(), "acme/k1"), m.Rotate("acme/k1", tokens.Static(canary.Token("rotated")))} {
		if err == nil || strings.Contains(err.Error(), "a request was sent") {
			t.Errorf("asking about one: %v", err)
		}
	}
}

func TestService_has_any_number_of_leases_out(t *testing.T) {
	t.Parallel()
	_, h := service(t, opaque("k1"))
	for range 1000 {
		lease(t, h, tokens.Request{Draw: ratelimit.Draw{Units: 1, Points: 1}, MaxWait: -1})
	}
}

func TestMarkValid_brings_back_what_MarkInvalid_put_aside(t *testing.T) {
	t.Parallel()
	m, h := service(t, opaque("k1"))
	if err := m.MarkInvalid("acme/k1", "revoked"); err != nil {
		t.Fatal(err)
	}
	_, err := h.Lease(t.Context(), tokens.Request{})
	if want := "gitfleet: acme: none of 1 tokens can serve (1 invalid)"; err == nil || err.Error() != want {
		t.Errorf("Lease() = %v, want %s", err, want)
	}
	if err := m.MarkValid("acme/k1"); err != nil {
		t.Fatal(err)
	}
	lease(t, h, tokens.Request{})
	if err := m.MarkValid("acme/k2"); !errors.Is(err, tokens.ErrUnknownToken) {
		t.Errorf("MarkValid() = %v", err)
	}
	m.Remove("acme/k1", "")
	if _, err := h.Lease(t.Context(), tokens.Request{}); err == nil || err.Error() != "gitfleet: acme: there is no key" {
		t.Errorf("Lease() = %v", err)
	}
}

func TestSetStrategy_of_a_service_is_its_own(t *testing.T) {
	t.Parallel()
	m, h := service(t, opaque("k1"), opaque("k2"))
	h.SetStrategy(tokens.StrategyFunc(func(_ time.Time, cs []tokens.Candidate) int { return len(cs) - 1 }))
	m.SetStrategy(tokens.StrategyFunc(func(time.Time, []tokens.Candidate) int { return 0 }))
	for range 3 {
		if got := lease(t, h, tokens.Request{}).Label(); got != "k2" {
			t.Errorf("leased %s", got)
		}
	}
}

func TestSetRate_bounds_each_account_over_a_sliding_span_and_serves_the_line(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := service(t, opaque("k1"))
		one := tokens.Request{Draw: ratelimit.Draw{Units: 1, Points: 1}, MaxWait: -1}
		call := func() { lease(t, h, one).Settle(served()) }
		running := lease(t, h, one)
		h.SetRate(3, 10*time.Second)
		call()
		call()
		if e := exhausted(t, h, one); !e.ReadyAt.IsZero() && e.ReadyAt.Before(time.Now().Add(10*time.Second)) {
			t.Errorf("ready at %v", e.ReadyAt)
		}
		time.Sleep(5 * time.Second)
		running.Settle(served()) // it counts for 10 s from now
		time.Sleep(5*time.Second + time.Second)
		call()
		call()
		if _, err := h.Lease(t.Context(), one); err == nil {
			t.Error("a fourth call within 10 s")
		}
		done := make(chan error, 1)
		go func() {
			waiting := one
			waiting.MaxWait = time.Hour
			l, err := h.Lease(t.Context(), waiting)
			l.Cancel()
			done <- err
		}()
		synctest.Wait()
		h.SetRate(4, 10*time.Second)
		if err := <-done; err != nil {
			t.Error(err)
		}
		h.SetRate(4, time.Hour) // three calls are remembered for an hour from now
		call()
		if _, err := h.Lease(t.Context(), one); err == nil {
			t.Error("a new span forgot the calls")
		}
		h.SetRate(0, 0)
		for range 10 {
			call()
		}
	})
}

func TestSetRate_counts_what_is_under_way_also_where_accounts_turned_out_to_be_one(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := service(t, opaque("k1"), opaque("k2"), opaque("k3"))
		one := tokens.Request{Draw: ratelimit.Draw{Units: 1, Points: 1}, MaxWait: -1}
		h.SetRate(100, time.Second)
		for range 12 {
			lease(t, h, one)
		}
		time.Sleep(time.Minute)
		for _, name := range []string{"k1", "k2"} {
			k := opaque(name)
			k.Account = "both"
			if err := m.Replace(k); err != nil {
				t.Fatal(err)
			}
		}
		h.SetRate(9, 10*time.Second)
		time.Sleep(time.Minute)
		// Eight of one account are under way, and four of the other.
		if got, want := len(leaseAll(t, h, one)), 1+5; got != want {
			t.Errorf("%d more leases, want %d", got, want)
		}
	})
}
