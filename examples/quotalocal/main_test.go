package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `send_email: token from the service
send_email: token from the local bucket
POST /api/v1/emails/send: token from the service
POST /api/v1/emails/42/resend: token from the local bucket
`

func TestRun_takes_one_token_of_each_batch_from_the_service(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		if err := run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != want {
			t.Errorf("run() printed\n%swant\n%s", got, want)
		}
	})
}
