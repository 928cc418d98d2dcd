package tokens_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

// carriers returns whatever a secret is put into or could be printed from.
func carriers(t *testing.T) map[string]any {
	t.Helper()
	token := gitHub("printed", "octocat")
	basic := tokens.Token{Provider: tokens.Bitbucket, Label: "basic", User: "me@example.com", Secret: tokens.Static(canary.Token("basic"))}
	refreshing := tokens.Token{Provider: tokens.GitLab, Label: "refreshing", Secret: tokens.Refreshing("refreshing", (&mint{name: "refreshing"}).mint)}
	m := manager(t, tokens.Config{}, token, basic, refreshing)
	defer m.Close() // so that nothing runs on while it is printed
	h := hostOf(t, m, tokens.GitHub, "https://api.github.com/")
	b := hostOf(t, m, tokens.Bitbucket, "https://api.bitbucket.org/2.0/user")
	l := lease(t, h, on("core"))
	l.Settle(unauthorized("Bad credentials"))
	spent := exhausted(t, h, tokens.Request{Draw: on("core").Draw, MaxWait: -1, Tried: triedTokens(l)})
	g := hostOf(t, m, tokens.GitLab, "https://gitlab.com/api/v4/user")
	refreshed := lease(t, g, on(""))
	type named struct {
		S tokens.Secret
		T *tokens.Token
	}
	type hidden struct {
		s  tokens.Secret
		t  tokens.Token
		p  *tokens.Token
		ss []tokens.Secret
		l  tokens.Lease
		m  *tokens.Manager
		h  *tokens.Host
		e  error
	}
	unexported := hidden{token.Secret, token, &token, []tokens.Secret{token.Secret}, l, m, h, spent}
	return map[string]any{
		"Secret":             token.Secret,
		"*Secret":            &token.Secret,
		"[]Secret":           []tokens.Secret{token.Secret},
		"map of Secret":      map[string]tokens.Secret{"a": token.Secret},
		"Token":              token,
		"*Token":             &token,
		"[]Token":            []tokens.Token{token, basic},
		"Lease":              l,
		"*Lease":             &l,
		"Refreshing":         refreshing,
		"Refreshed lease":    refreshed,
		"*Refreshed lease":   &refreshed,
		"Refreshed Host":     g,
		"Basic lease":        lease(t, b, on("api")),
		"*Manager":           m,
		"*Host":              h,
		"[]*Host":            []*tokens.Host{h, b},
		"TokenInfo":          m.AllTokens("")[0],
		"TokenStatus":        m.AllTokens("")[0].Status,
		"[]TokenInfo":        m.AllTokens(""),
		"*ExhaustedError":    spent,
		"ExhaustedError":     *spent,
		"Tried":              triedTokens(l),
		"exported fields":    named{token.Secret, &token},
		"unexported fields":  unexported,
		"*unexported fields": &unexported,
		"Config":             tokens.Config{},
		"Lease by value":     reflect.ValueOf(l).Interface(),
		// Nobody should copy these, but a printer that gets the value does.
		"Host by value":    reflect.ValueOf(h).Elem().Interface(),
		"Manager by value": reflect.ValueOf(m).Elem().Interface(),
	}
}

func triedTokens(ls ...tokens.Lease) *tokens.Tried {
	var tried tokens.Tried
	for _, l := range ls {
		tried.Token(l)
	}
	return &tried
}

func triedAccounts(ls ...tokens.Lease) *tokens.Tried {
	var tried tokens.Tried
	for _, l := range ls {
		tried.Account(l)
	}
	return &tried
}

func TestI1_Nothing_prints_a_secret_with_any_verb(t *testing.T) {
	t.Parallel()
	verbs := strings.Fields("%v %+v %#v %s %q %x %X %d %t %b %o %O %c %U %e %g %p %w %T %10v %-8.3s %+q %#q %#x %z")
	for name, v := range carriers(t) {
		for _, verb := range verbs {
			if holdsSecret(fmt.Sprintf(verb, v)) {
				t.Errorf("%s printed with %s holds the secret", name, verb)
			}
			if holdsSecret(fmt.Errorf("failed: "+verb, v).Error()) {
				t.Errorf("an error with %s in %s holds the secret", name, verb)
			}
		}
		if holdsSecret(fmt.Sprint(v)) || holdsSecret(fmt.Sprintln(v, v)) {
			t.Errorf("Sprint of %s holds the secret", name)
		}
	}
}

// Printed field by field they would be read without their locks, and show hashes
// of the secrets.
func TestI1_A_Manager_and_a_Host_print_as_one_line_with_every_verb(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", ""), gitHub("b", ""))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		if got, want := fmt.Sprintf(verb, m), "token manager (2 tokens)"; got != want {
			t.Errorf("a Manager prints with %s in %d bytes, want %q", verb, len(got), want)
		}
		if got, want := fmt.Sprintf(verb, h), "https://api.github.com"; got != want {
			t.Errorf("a Host prints with %s in %d bytes, want %q", verb, len(got), want)
		}
	}
}

func TestI1_Nothing_encodes_or_logs_a_secret(t *testing.T) {
	t.Parallel()
	for name, v := range carriers(t) {
		if b, err := json.Marshal(v); err == nil && holdsSecret(string(b)) {
			t.Errorf("JSON of %s holds the secret", name)
		}
		if b, err := xml.Marshal(v); err == nil && holdsSecret(string(b)) {
			t.Errorf("XML of %s holds the secret", name)
		}
		var log bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			slog.New(handler).Info("seen", "v", v, slog.Group("in", "v", v))
		}
		if holdsSecret(log.String()) {
			t.Errorf("a log record with %s holds the secret", name)
		}
	}
}

// Assertion libraries print without calling methods and follow every pointer.
func TestI1_A_printer_that_follows_pointers_finds_no_secret(t *testing.T) {
	t.Parallel()
	for name, v := range carriers(t) {
		w := walker{seen: map[uintptr]bool{}}
		w.walk(reflect.ValueOf(v))
		for _, text := range w.texts {
			if holdsSecret(text) {
				t.Errorf("the secret is within reach of %s", name)
				break
			}
		}
		if strings.Contains(name, "Manager") && len(w.texts) < 10 {
			t.Errorf("the walk of %s found %d strings, want more", name, len(w.texts))
		}
	}
	w := walker{seen: map[uintptr]bool{}}
	w.walk(reflect.ValueOf(struct{ p *http.Header }{&http.Header{"A": {canary.Token("found")}}}))
	if !holdsSecret(strings.Join(w.texts, " ")) {
		t.Error("the walker does not find what it should")
	}
}

type walker struct {
	seen  map[uintptr]bool
	texts []string
}

func (w *walker) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		w.texts = append(w.texts, v.String())
	case reflect.Pointer:
		if !v.IsNil() && !w.seen[v.Pointer()] {
			w.seen[v.Pointer()] = true
			w.walk(v.Elem())
		}
	case reflect.Interface:
		w.walk(v.Elem())
	case reflect.Struct:
		if v.Type().PkgPath() == "time" || v.Type().PkgPath() == "sync" {
			return
		}
		if strings.HasPrefix(v.Type().Name(), "Pointer[") {
			w.walkAtomic(v)
			return
		}
		for i := range v.NumField() {
			w.walk(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			var b []byte
			for i := range v.Len() {
				b = append(b, byte(v.Index(i).Uint()))
			}
			w.texts = append(w.texts, string(b))
			return
		}
		for i := range v.Len() {
			w.walk(v.Index(i))
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			w.walk(it.Key())
			w.walk(it.Value())
		}
	}
}

// walkAtomic follows an atomic.Pointer, whose first field is a [0]*T and whose
// last is the pointer.
func (w *walker) walkAtomic(v reflect.Value) {
	to := v.Field(0).Type().Elem().Elem()
	p := v.Field(v.NumField() - 1)
	if p.Pointer() != 0 && !w.seen[p.Pointer()] {
		w.seen[p.Pointer()] = true
		w.walk(reflect.NewAt(to, p.UnsafePointer()).Elem())
	}
}

func TestI1_Secret_reads_the_same_everywhere_and_reveals_its_text(t *testing.T) {
	t.Parallel()
	text := canary.Token("revealed")
	s := tokens.Static(text)
	if s.Reveal() != text {
		t.Error("Reveal() does not return the text")
	}
	if s.IsZero() || !(tokens.Secret{}).IsZero() || (tokens.Secret{}).Reveal() != "" {
		t.Error("IsZero() is wrong")
	}
	asText, err := s.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{s.String(), s.GoString(), string(asText), s.LogValue().String(), fmt.Sprintf("%#v", s), fmt.Sprint(tokens.Secret{})} {
		if got != "[secret]" {
			t.Errorf("got %d bytes, want [secret]", len(got))
		}
	}
}

func TestI1_Errors_of_malformed_tokens_quote_no_secret(t *testing.T) {
	t.Parallel()
	secret := canary.Token("malformed")
	for _, tt := range []struct {
		name  string
		token tokens.Token
		want  string
	}{
		{"space in the middle", tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static("Bearer " + secret)}, "at position 7 of"},
		{"newline", tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(secret + "\n" + secret)}, "space, control or non-ASCII"},
		{"non-ASCII", tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(secret + "é")}, "space, control or non-ASCII"},
		{"delete", tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(secret + "\x7f")}, "space, control or non-ASCII"},
		{"empty", tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(" \t\n")}, "secret is empty"},
		{"none", tokens.Token{Provider: tokens.GitHub}, "secret is empty"},
		{"host with user and password", tokens.Token{Provider: tokens.GitHub, Host: "https://x:" + secret + "@git.example.com", Secret: tokens.Static(secret)}, "must not hold a user"},
		{"host with a query", tokens.Token{Provider: tokens.GitLab, Host: "https://git.example.com/?private_token=" + secret, Secret: tokens.Static(secret)}, "must not hold a user, query"},
		{"host with a fragment", tokens.Token{Provider: tokens.GitLab, Host: "https://git.example.com/#" + secret, Secret: tokens.Static(secret)}, "query or fragment"},
		{"host that is no URL", tokens.Token{Provider: tokens.GitLab, Host: "https://" + secret + "\x00", Secret: tokens.Static(secret)}, "host is not a URL"},
		{"unknown scheme", tokens.Token{Provider: tokens.GitLab, Scheme: "magic", Secret: tokens.Static(secret)}, `unknown scheme "magic"`},
		{"basic without user", tokens.Token{Provider: tokens.GitLab, Scheme: tokens.Basic, Secret: tokens.Static(secret)}, "needs a User"},
		{"basic with a colon", tokens.Token{Provider: tokens.GitLab, User: "a:b", Secret: tokens.Static(secret)}, "without a colon"},
		{"unknown provider", tokens.Token{Provider: "gitea", Secret: tokens.Static(secret)}, `unknown provider "gitea"`},
		{"no provider", tokens.Token{Secret: tokens.Static(secret)}, `unknown provider ""`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			good := gitHub("good", "")
			_, err := tokens.NewManager(tokens.Config{}, good, tt.token)
			switch {
			case err == nil:
				t.Fatal("NewManager() took the token")
			case holdsSecret(err.Error()):
				t.Fatal("the error holds the secret")
			case !strings.Contains(err.Error(), tt.want):
				t.Errorf("error is %q, want it to say %q", err, tt.want)
			case !strings.Contains(err.Error(), "(token 2 of 2)"):
				t.Errorf("error is %q, want it to name the place in the list", err)
			}
		})
	}
}

func TestI1_A_panic_with_a_carrier_does_not_print_the_secret(t *testing.T) {
	if which := os.Getenv("GITFLEET_PANIC_WITH"); which != "" {
		panic(carriers(t)[which])
	}
	t.Parallel()
	for _, which := range []string{"Secret", "Token", "*Token", "Lease", "*Manager", "*Host", "*ExhaustedError", "unexported fields"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), "GITFLEET_PANIC_WITH="+which)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || !bytes.Contains(out, []byte("panic: ")) {
			t.Errorf("%s: the program did not panic: %v", which, err)
		}
		if holdsSecret(string(out)) {
			t.Errorf("the panic with %s prints the secret", which)
		}
	}
}

func TestCredential_is_written_in_the_scheme_of_the_token(t *testing.T) {
	t.Parallel()
	secret := canary.Token("scheme")
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+secret))
	for _, tt := range []struct {
		name       string
		token      tokens.Token
		key, value string
	}{
		{"GitHub", tokens.Token{Provider: tokens.GitHub}, "Authorization", "Bearer " + secret},
		{"GitLab", tokens.Token{Provider: tokens.GitLab}, "Private-Token", secret},
		{"GitLab with OAuth", tokens.Token{Provider: tokens.GitLab, Scheme: tokens.Bearer}, "Authorization", "Bearer " + secret},
		{"GitLab CI", tokens.Token{Provider: tokens.GitLab, Scheme: tokens.JobToken}, "Job-Token", secret},
		{"Bitbucket", tokens.Token{Provider: tokens.Bitbucket}, "Authorization", "Bearer " + secret},
		{"Bitbucket with a user", tokens.Token{Provider: tokens.Bitbucket, User: "me"}, "Authorization", basic},
		{"GitHub with private-token", tokens.Token{Provider: tokens.GitHub, Scheme: tokens.PrivateToken}, "Private-Token", secret},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.token.Secret = tokens.Static("  " + secret + "\n")
			m := manager(t, tokens.Config{}, tt.token)
			h := anyHost(t, m, tt.token.Provider)
			header := http.Header{"Authorization": {"Bearer old"}, "Private-Token": {"old"}, "Job-Token": {"old"}, "Accept": {"a"}}
			l := lease(t, h, on(""))
			l.Authorize(header)
			if len(header) != 2 || len(header[tt.key]) != 1 || header.Get(tt.key) != tt.value {
				t.Errorf("the header has not exactly one credential, %s, as it should be", tt.key)
			}
			// What a caller appends must not end up in another request.
			header[tt.key] = append(header[tt.key], "more")
			again := http.Header{}
			l.Authorize(again)
			if got := again[tt.key]; len(got) != 1 || got[0] != tt.value {
				t.Error("a header that was written before changed the credential")
			}
		})
	}
}

func anyHost(t testing.TB, m *tokens.Manager, p tokens.ProviderType) *tokens.Host {
	t.Helper()
	return hostOf(t, m, p, map[tokens.ProviderType]string{
		tokens.GitHub:    "https://api.github.com/user",
		tokens.GitLab:    "https://gitlab.com/api/v4/user",
		tokens.Bitbucket: "https://api.bitbucket.org/2.0/user",
	}[p])
}

func TestI2_Manager_Holds_knows_its_secrets_in_every_form(t *testing.T) {
	t.Parallel()
	secret := canary.Token("held")
	m := manager(t, tokens.Config{}, gitHub("held", ""))
	basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, tt := range []struct {
		name string
		h    http.Header
		want bool
	}{
		{"bearer", http.Header{"Authorization": {"Bearer " + secret}}, true},
		{"lower case", http.Header{"Authorization": {"bearer  " + secret + " "}}, true},
		{"token", http.Header{"Authorization": {"token " + secret}}, true},
		{"bare", http.Header{"Authorization": {secret}}, true},
		{"basic password", http.Header{"Authorization": {basic("x:" + secret)}}, true},
		{"second value", http.Header{"Authorization": {"Bearer other", "Bearer " + secret}}, true},
		{"private token", http.Header{"Private-Token": {secret}}, true},
		{"job token", http.Header{"Job-Token": {secret}}, true},
		{"another secret", http.Header{"Authorization": {"Bearer " + secret + "2"}}, false},
		{"broken basic", http.Header{"Authorization": {"Basic !"}}, false},
		{"another field", http.Header{"X-Other": {secret}}, false},
		{"none", http.Header{}, false},
	} {
		if got := m.Holds(tt.h); got != tt.want {
			t.Errorf("%s: Holds() = %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestI2_StripCredentials_leaves_nothing_but_the_rest(t *testing.T) {
	t.Parallel()
	h := http.Header{"Authorization": {"a"}, "Private-Token": {"b"}, "Job-Token": {"c"}, "Accept": {"d"}}
	tokens.StripCredentials(h)
	if len(h) != 1 || h.Get("Accept") != "d" {
		t.Errorf("StripCredentials() left %v", h)
	}
}

func FuzzToken(f *testing.F) {
	for _, s := range []string{"a", " a ", "a b", "a\nb", "é", "", "\x00", "a\x7f", "\u2028a", "\xff"} {
		f.Add(s, "me")
	}
	f.Fuzz(func(t *testing.T, around, user string) {
		for _, secret := range []string{around + canary.Mark, canary.Mark + around, canary.Mark + around + canary.Mark} {
			m, err := tokens.NewManager(tokens.Config{}, tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(secret), Label: "fuzzed"},
				tokens.Token{Provider: tokens.Bitbucket, User: user, Secret: tokens.Static(secret), Label: "fuzzed"})
			if err != nil {
				if holdsSecret(err.Error()) {
					t.Fatal("the error quotes the secret")
				}
				continue
			}
			h := http.Header{}
			lease(t, anyHost(t, m, tokens.GitHub), on("core")).Authorize(h)
			v := h.Get("Authorization")
			if want := "Bearer " + strings.TrimSpace(secret); v != want || strings.ContainsFunc(v[7:], func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
				t.Fatal("the header is not the bare secret")
			}
			if holdsSecret(fmt.Sprintf("%+v%v", m, m.AllTokens(""))) {
				t.Fatal("the manager prints the secret")
			}
		}
	})
}

func TestI1_A_label_that_may_be_a_secret_is_refused_and_not_quoted(t *testing.T) {
	t.Parallel()
	secret := canary.Token("label")
	for name, token := range map[string]tokens.Token{
		"the secret itself":    {Provider: tokens.GitLab, Label: canary.Mark + "x", Secret: tokens.Static(canary.Mark + "x")},
		"the secret within":    {Provider: tokens.GitHub, Label: "ci " + canary.Mark, Secret: tokens.Static(canary.Mark)},
		"another token":        {Provider: tokens.GitHub, Label: secret, Secret: tokens.Static(canary.Token("other"))},
		"with another mistake": {Provider: tokens.GitHub, Label: secret, Secret: tokens.Static(canary.Token("other")), Host: "ftp://x"},
		"with no secret":       {Provider: tokens.GitHub, Label: secret, Secret: tokens.Static("")},
	} {
		_, err := tokens.NewManager(tokens.Config{}, token)
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if holdsSecret(err.Error()) {
			t.Errorf("%s: the error quotes it", name)
		}
	}
	for _, label := range []string{"ci", "github app 12", "productionserviceaccount", "me@example.com"} {
		if _, err := tokens.NewManager(tokens.Config{}, tokens.Token{Provider: tokens.GitHub, Label: label, Secret: tokens.Static(secret)}); err != nil {
			t.Errorf("the label %q is refused: %v", label, err)
		}
	}
}
