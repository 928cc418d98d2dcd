package quota

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Middleware returns a wrapper of handlers that lets each request take one token of its
// user for its method and path, see [Path]. The user is what user returns: a login, a
// customer, an address; nobody else may be able to choose it.
//
// A request that is denied gets a 429 with Retry-After in whole seconds, one for which
// there is no decision a 503, one without a user a 401, each with a JSON body of error
// and message. With [WithFailOpen] requests pass while the service is down.
func Middleware(c *Client, user func(*http.Request) string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			who := user(r)
			if who == "" {
				refuse(w, http.StatusUnauthorized, "unauthorized", "the request names no user")
				return
			}
			d, err := c.Allow(r.Context(), who, Path(r.Method, cleanPath(r)))
			switch {
			case err != nil:
				refuse(w, http.StatusServiceUnavailable, "quota_unavailable", "the quota could not be checked")
			case !d.Allowed:
				if d.RetryAfter > 0 {
					w.Header().Set("Retry-After", seconds(d.RetryAfter))
				}
				refuse(w, http.StatusTooManyRequests, "rate_limited", "too many requests")
			default:
				next.ServeHTTP(w, r)
			}
		})
	}
}

// cleanPath returns the path of the request, "/" for OPTIONS *.
func cleanPath(r *http.Request) string {
	if r.URL.Path == "" {
		return "/"
	}
	return r.URL.Path
}

// seconds rounds up to whole seconds, as Retry-After has them.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64(math.Ceil(d.Seconds())), 10)
}

// refuse answers with a status and a body that says why.
func refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, problem{Error: code, Message: message})
}

// answer writes v as JSON. A client that has gone misses nothing.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
