package providertest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/providers"
)

// calls checks the calls of a caller's own, what all requests say of themselves,
// and that what is not supported sends nothing.
func (s suite) calls(t *testing.T) {
	s.with(t, "what_is_not_supported_sends_nothing", few, func(t *testing.T, b *bench) {
		for _, o := range operations {
			if b.Client.Supports(o.op) {
				continue
			}
			h := b.Harness
			if h.Repository == "" {
				h.Repository = "acme/web"
			}
			b.wire.begin(nil)
			_, err := o.run(t.Context(), h)
			wantKind(t, err, providers.ErrUnsupported, nil)
			if n := len(b.wire.asked()); n != 0 {
				t.Errorf("%s: %d requests were sent", o.op, n)
			}
		}
		if !b.Client.Supports(providers.OpGraphQL) {
			wantKind(t, b.Client.GraphQL(t.Context(), "query { x }", nil, nil), providers.ErrUnsupported, nil)
		}
	})
	t.Run("say_who_asks", func(t *testing.T) {
		s.each(t, nil, func(t *testing.T, b *bench, o operation) {
			b.wire.begin(nil)
			_, _ = o.run(t.Context(), b.Harness)
			for _, r := range b.wire.asked() {
				if agent := r.Header.Values("User-Agent"); len(agent) != 1 || agent[0] != providers.DefaultUserAgent {
					t.Errorf("%s: the user agent is %q, want %q", r.URL, agent, providers.DefaultUserAgent)
				}
				if !carriesCredential(r) {
					t.Errorf("%s: there is no credential", r.URL)
				}
			}
		})
	})
	s.with(t, "decode_the_answer", few, decode)
	s.with(t, "page_by_page", 9, pages)
	s.with(t, "end_with_their_context", few, endCalls)
	s.with(t, "stay_at_the_host", few, func(t *testing.T, b *bench) {
		b.wire.begin(nil)
		_, err := b.Client.Call(t.Context(), providers.Call{Path: elsewhere + "/stolen"})
		wantKind(t, err, providers.ErrInvalid, nil)
		if n := len(b.wire.asked()); n != 0 {
			t.Errorf("%d requests were sent", n)
		}
	})
	s.with(t, "fail_as_all_do", few, func(t *testing.T, b *bench) {
		for _, k := range kinds {
			b.wire.begin(always(1, k.status, `{"message":"said the host"}`))
			if k.status == http.StatusAccepted {
				continue // a caller knows what that means to the call
			}
			a, err := b.Client.Call(t.Context(), providers.Call{Path: "anything"})
			wantKind(t, err, k.kind, nil)
			if a.Status != k.status {
				t.Errorf("the answer's status is %d, want %d", a.Status, k.status)
			}
		}
	})
}

// decode asks for an object, as JSON and as it is, with headers of its own.
func decode(t *testing.T, b *bench) {
	if b.Harness.Call == "" {
		t.Skip("the harness names no call")
	}
	for _, path := range []string{b.Harness.Call, "/" + strings.TrimPrefix(b.Harness.Call, "/")} {
		b.wire.begin(nil)
		var object map[string]any
		header := http.Header{"User-Agent": {"mine/1"}, "X-Mine": {"yes"}}
		a, err := b.Client.Call(t.Context(), providers.Call{Path: path, Header: header, Out: &object})
		if err != nil || a.Status != http.StatusOK || a.Header == nil || len(object) == 0 {
			t.Errorf("Call(%q) = %d, %v; %d fields", path, a.Status, err, len(object))
		}
		for _, r := range b.wire.asked() {
			if agent := r.Header.Values("User-Agent"); len(agent) != 1 || agent[0] != "mine/1" || r.Header.Get("X-Mine") != "yes" {
				t.Errorf("the headers are %q and %q", agent, r.Header.Get("X-Mine"))
			}
		}
		var whole bytes.Buffer
		if _, err := b.Client.Call(t.Context(), providers.Call{Path: path, Out: &whole}); err != nil || !json.Valid(whole.Bytes()) {
			t.Errorf("the body is %.100q, %v", whole.Bytes(), err)
		}
		if _, err := b.Client.Call(t.Context(), providers.Call{Path: path}); err != nil {
			t.Errorf("without Out: %v", err)
		}
	}
	b.wire.begin(always(1, http.StatusOK, "<html></html>"))
	var object map[string]any
	_, err := b.Client.Call(t.Context(), providers.Call{Path: b.Harness.Call, Out: &object})
	wantKind(t, err, providers.ErrMalformed, nil)
	b.wire.begin(always(1, http.StatusNoContent, ""))
	if a, err := b.Client.Call(t.Context(), providers.Call{Method: http.MethodDelete, Path: b.Harness.Call, Out: &object}); err != nil || a.Status != http.StatusNoContent {
		t.Errorf("204: %d, %v", a.Status, err)
	}
}

// pages walks a list of the host's own.
func pages(t *testing.T, b *bench) {
	if b.Pages == "" {
		t.Skip("the harness names no list")
	}
	b.wire.begin(nil)
	var n int
	for page, err := range b.Client.Pages(t.Context(), b.Pages) {
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(page) {
			t.Errorf("page %d is %.100q", n+1, page)
		}
		n++
	}
	if asked := len(b.wire.asked()); n < 2 || n != asked {
		t.Errorf("%d pages in %d requests", n, asked)
	}
}

// endCalls cancels each call during its first request, and before it.
func endCalls(t *testing.T, b *bench) {
	for name, call := range map[string]func(context.Context) error{
		"Call": func(ctx context.Context) error {
			_, err := b.Client.Call(ctx, providers.Call{Path: "anything"})
			return err
		},
		"Pages": func(ctx context.Context) (failed error) {
			for _, err := range b.Client.Pages(ctx, "anything") {
				failed = err
			}
			return failed
		},
		"GraphQL": func(ctx context.Context) error { return b.Client.GraphQL(ctx, "query { x }", nil, nil) },
	} {
		if name == "GraphQL" && !b.Client.Supports(providers.OpGraphQL) {
			continue
		}
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		b.wire.begin(hang(1, func() { time.AfterFunc(5*time.Second, cancel) }))
		err := call(ctx)
		if wantKind(t, err, providers.ErrCanceled, context.Canceled); time.Since(start) != 5*time.Second {
			t.Errorf("%s: it took %v to end, want 5s", name, time.Since(start))
		}
		b.wire.begin(nil)
		wantKind(t, call(ctx), providers.ErrCanceled, context.Canceled)
		if n := len(b.wire.asked()); n != 0 {
			t.Errorf("%s: %d requests were sent after the end", name, n)
		}
		cancel()
	}
}
