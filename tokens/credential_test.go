package tokens

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
)

func TestI1_A_credential_prints_as_the_label_of_its_token(t *testing.T) {
	t.Parallel()
	c := newCredential(Token{Provider: GitHub, Label: "ci", Secret: Static(canary.Token("kept"))})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, c); got != "ci" {
			t.Errorf("printed with %s it has %d bytes, want the label", verb, len(got))
		}
	}
	if strings.Contains(fmt.Sprintf("%p %+v", c, struct{ c credential }{c}), canary.Mark) {
		t.Error("in a field it prints the secret")
	}
}

func TestI12_Probes_go_out_by_the_default_transport_if_nothing_else_is_set(t *testing.T) {
	t.Parallel()
	if (Config{}).base(nil) != http.DefaultTransport {
		t.Error("another base is used")
	}
}
