package providertest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
)

// kinds are what the hosts' statuses mean.
var kinds = []struct {
	status int
	kind   error
}{
	{http.StatusAccepted, providers.ErrUnavailable},
	{http.StatusBadRequest, providers.ErrInvalid},
	{http.StatusUnauthorized, providers.ErrUnauthorized},
	{http.StatusForbidden, providers.ErrForbidden},
	{http.StatusNotFound, providers.ErrNotFound},
	{http.StatusConflict, providers.ErrConflict},
	{http.StatusGone, providers.ErrNotFound},
	{http.StatusUnprocessableEntity, providers.ErrInvalid},
	{http.StatusTooManyRequests, providers.ErrRateLimited},
	{http.StatusUnavailableForLegalReasons, providers.ErrBlocked},
	{http.StatusInternalServerError, providers.ErrUnavailable},
	{http.StatusBadGateway, providers.ErrUnavailable},
	{http.StatusServiceUnavailable, providers.ErrUnavailable},
	{http.StatusGatewayTimeout, providers.ErrTimeout},
}

// failures checks that a failure has its kind, and comes with what was read.
func (s suite) failures(t *testing.T) {
	for _, k := range kinds {
		t.Run(fmt.Sprint("status_", k.status), func(t *testing.T) {
			s.each(t, nil, func(t *testing.T, b *bench, o operation) { fail(t, b, o, k.status, k.kind) })
		})
	}
	t.Run("at_a_later_request", func(t *testing.T) { s.each(t, nil, failLater) })
	t.Run("several_pages_at_once", func(t *testing.T) { s.with(t, "repositories", 30, failAhead) })
	t.Run("without_an_answer", func(t *testing.T) {
		s.each(t, nil, func(t *testing.T, b *bench, o operation) {
			broken := errors.New("providertest: connection reset")
			b.wire.begin(func(int, *http.Request, http.RoundTripper) (*http.Response, error) { return nil, broken })
			_, err := o.run(t.Context(), b.Harness)
			wantKind(t, err, providers.ErrNetwork, broken)
		})
	})
	t.Run("a_connection_that_breaks", func(t *testing.T) {
		s.each(t, nil, func(t *testing.T, b *bench, o operation) {
			b.wire.begin(func(int, *http.Request, http.RoundTripper) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })
			_, err := o.run(t.Context(), b.Harness)
			wantKind(t, err, providers.ErrNetwork, io.ErrUnexpectedEOF)
		})
	})
	t.Run("the_library's_own_error_is_below", func(t *testing.T) {
		s.each(t, nil, func(t *testing.T, b *bench, o operation) {
			if b.NativeError == nil {
				t.Skip("the library has none")
			}
			b.wire.begin(always(1, http.StatusNotFound, `{"message":"Not Found"}`))
			_, err := o.run(t.Context(), b.Harness)
			if target := pointerTo(b.NativeError); !errors.As(err, target) {
				t.Errorf("errors.As finds no %T below %T", b.NativeError, err)
			}
		})
	})
}

func fail(t *testing.T, b *bench, o operation, status int, kind error) {
	b.wire.begin(always(1, status, `{"message":"said the host"}`))
	got, err := o.run(t.Context(), b.Harness)
	if status == http.StatusConflict && (o.op == providers.OpCommits || o.op == providers.OpTree) && err == nil && len(got) == 0 {
		return // GitHub's word for an empty repository
	}
	wantKind(t, err, kind, nil)
	var e *providers.Error
	if !errors.As(err, &e) {
		return
	}
	if e.Status != status {
		t.Errorf("the error's status is %d, want %d", e.Status, status)
	}
	if e.Op != o.op || e.Provider != b.Client.Provider() || e.Host != b.Client.Host() {
		t.Errorf("the error is of %q, %q and %q", e.Op, e.Provider, e.Host)
	}
	if kind == providers.ErrRateLimited && e.Refusal == nil { //nolint:errorlint // it is the sentinel itself
		t.Error("the error has no Refusal")
	}
	if len(got) != 0 {
		t.Errorf("%d items came with it", len(got))
	}
}

// failLater fails at the last request, then at the one before, and so on. The
// pages before come with the error.
func failLater(t *testing.T, b *bench, o operation) {
	all, _ := b.normally(o, small(o)...)
	_, requests := b.normally(o, small(o)...) // without those that the driver keeps the answers of
	before := len(all) + 1
	for n := requests; n > max(1, requests-5); n-- {
		b.wire.begin(always(n, http.StatusBadGateway, "<html>bad gateway</html>"))
		got, err := o.run(t.Context(), b.Harness, small(o)...)
		wantKind(t, err, providers.ErrUnavailable, nil)
		wantBeginning(t, got, all)
		var e *providers.Error
		if errors.As(err, &e) && len(got) > 0 && e.Page < 2 {
			t.Errorf("%d items came with an error of page %d", len(got), e.Page)
		}
		if n == requests && o.op == providers.OpRepositories && len(got) < len(all)-2 {
			t.Errorf("the last page failed and %d of %d items came", len(got), len(all))
		}
		if len(got) > before {
			t.Errorf("%d items came of %d requests, and %d of one more", len(got), n-1, before)
		}
		before = len(got)
	}
}

// failAhead fails at one of many pages that are asked for at once.
func failAhead(t *testing.T, b *bench) {
	if b.Owner == "" {
		t.Skip("the harness names no owner")
	}
	all, err := b.Client.FetchRepositories(t.Context(), b.Owner)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Client.FetchRepositories(t.Context(), b.Owner, providers.PageSize(2)); err != nil {
		t.Fatal(err)
	}
	for n := 2; n <= 15; n++ {
		b.wire.begin(always(n, http.StatusBadGateway, "<html>bad gateway</html>"))
		got, err := b.Client.FetchRepositories(t.Context(), b.Owner, providers.PageSize(2))
		if len(b.wire.asked()) < n {
			continue
		}
		wantKind(t, err, providers.ErrUnavailable, nil)
		if len(got) >= len(all) {
			t.Errorf("request %d failed and all %d items came", n, len(got))
		}
		for i := range min(len(got), len(all)) {
			if got[i].FullName != all[i].FullName {
				t.Errorf("request %d failed: item %d is %s, want %s", n, i+1, got[i].FullName, all[i].FullName)
			}
		}
	}
}
