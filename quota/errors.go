package quota

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// ErrQuota matches every error that a [Client] makes. The error of a context that
// ended is handed on as it is.
var ErrQuota = errors.New("quota")

// What an [*APIError] matches, by its status.
var (
	ErrAuthentication     = errors.New("quota: authentication failed") // 401 and 403
	ErrBadRequest         = errors.New("quota: bad request")           // 400
	ErrUnauthorized       = errors.New("quota: unauthorized")          // 401
	ErrForbidden          = errors.New("quota: forbidden")             // 403
	ErrNotFound           = errors.New("quota: not found")             // 404
	ErrConflict           = errors.New("quota: conflict")              // 409
	ErrUnprocessable      = errors.New("quota: unprocessable")         // 422
	ErrTooManyRequests    = errors.New("quota: too many requests")     // 429: of the API key, not of a user
	ErrInternalServer     = errors.New("quota: internal server error") // 500
	ErrServiceUnavailable = errors.New("quota: service unavailable")   // 503
)

// Errors that need no answer of the service.
var (
	ErrInvalidRequest error = quotaError("quota: invalid request")
	ErrClosed         error = quotaError("quota: the client is closed")

	// ErrBurst says that more tokens were asked for at once than the rule's bucket
	// ever holds. Waiting does not help.
	ErrBurst error = quotaError("quota: more than the rule's burst")
)

// A quotaError is a fixed error that matches ErrQuota.
type quotaError string

func (e quotaError) Error() string      { return string(e) }
func (quotaError) Is(target error) bool { return target == ErrQuota }

var ofStatus = map[int]error{
	http.StatusBadRequest:          ErrBadRequest,
	http.StatusUnauthorized:        ErrUnauthorized,
	http.StatusForbidden:           ErrForbidden,
	http.StatusNotFound:            ErrNotFound,
	http.StatusConflict:            ErrConflict,
	http.StatusUnprocessableEntity: ErrUnprocessable,
	http.StatusTooManyRequests:     ErrTooManyRequests,
	http.StatusInternalServerError: ErrInternalServer,
	http.StatusServiceUnavailable:  ErrServiceUnavailable,
}

// APIError is an answer of the service other than 200, or a 200 that is no answer.
// It matches [ErrQuota] and the error of its status, such as [ErrUnauthorized].
type APIError struct {
	StatusCode int
	Message    string        // the JSON body's message, else its error, else "HTTP n Error"
	Body       string        // at most 64 KiB, with the API key taken out
	RetryAfter time.Duration // of the header, 0 if there is none
}

// Error says status and message.
func (e *APIError) Error() string {
	return fmt.Sprintf("quota: the service answered %d: %s", e.StatusCode, e.Message)
}

// Is reports whether target stands for the error's status.
func (e *APIError) Is(target error) bool {
	denied := e.StatusCode == http.StatusUnauthorized || e.StatusCode == http.StatusForbidden
	return target == ErrQuota || target == ofStatus[e.StatusCode] || target == ErrAuthentication && denied
}

// ConfigError lists all that is wrong with the arguments of [New] or with what a
// [Server] is given. It matches [ErrQuota].
type ConfigError struct{ Problems []string }

// Error lists the problems in one line.
func (e *ConfigError) Error() string { return "quota: config: " + strings.Join(e.Problems, "; ") }

// Is reports whether target is ErrQuota.
func (e *ConfigError) Is(target error) bool { return target == ErrQuota }

// NetworkError says that no answer came. It matches [ErrQuota].
type NetworkError struct{ Err error }

// Error says what the network said.
func (e *NetworkError) Error() string { return "quota: no answer of the service: " + e.Err.Error() }

// Is reports whether target is ErrQuota.
func (e *NetworkError) Is(target error) bool { return target == ErrQuota }

// Unwrap returns the cause.
func (e *NetworkError) Unwrap() error { return e.Err }

// TimeoutError says that no answer came within the client's timeout. It matches
// [ErrQuota] and is a [net.Error] with Timeout true.
type TimeoutError struct {
	After time.Duration
	Err   error
}

// Error says how long the client waited.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("quota: no answer of the service within %v", e.After)
}

// Is reports whether target is ErrQuota.
func (e *TimeoutError) Is(target error) bool { return target == ErrQuota }

// Unwrap returns the cause.
func (e *TimeoutError) Unwrap() error { return e.Err }

// Timeout returns true.
func (e *TimeoutError) Timeout() bool { return true }

// Temporary returns true.
func (e *TimeoutError) Temporary() bool { return true }

// DeniedError says that [Client.Wait] did not begin to wait, since the context ends
// before the service can have a token. It matches [ErrQuota].
type DeniedError struct {
	User   string
	Target Target
	Until  time.Time
}

// Error says who was denied what until when.
func (e *DeniedError) Error() string {
	return fmt.Sprintf("quota: %q is denied %v until %s", e.User, e.Target, e.Until.UTC().Format(time.RFC3339Nano))
}

// Is reports whether target is ErrQuota.
func (e *DeniedError) Is(target error) bool { return target == ErrQuota }

// RetryAt returns when to try again.
func (e *DeniedError) RetryAt() time.Time { return e.Until }

// isOutage reports whether err says that the service could not decide, rather than
// that the request or the configuration is wrong.
func isOutage(err error) bool {
	var api *APIError
	if errors.As(err, &api) {
		return isRepeatable(api.StatusCode)
	}
	var network *NetworkError
	var timeout *TimeoutError
	return errors.As(err, &network) || errors.As(err, &timeout)
}

// isRepeatable reports whether an answer with the status may be better next time.
func isRepeatable(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}
