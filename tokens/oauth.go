package tokens

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/oauth2"
)

// FromTokenSource returns a refreshing secret whose text is the access token of
// src; see [Refreshing] for name and for when src is asked. What src returns is
// sent in the scheme of the [Token], whatever its own type says.
//
// An [oauth2.TokenSource] takes no context: one that does not return is waited
// for no longer than others, but Manager.Close can only name it.
func FromTokenSource(name string, src oauth2.TokenSource) Secret {
	if src == nil {
		return Refreshing(name, nil)
	}
	return Refreshing(name, func(context.Context) (string, time.Time, error) {
		t, err := src.Token()
		if err != nil {
			return "", time.Time{}, retrieveError(err)
		}
		if t == nil {
			return "", time.Time{}, errors.New("the oauth2.TokenSource returned nothing")
		}
		return t.AccessToken, t.Expiry, nil
	})
}

// retrieveError leaves out the body of the token endpoint's answer, which may
// hold anything (I1).
func retrieveError(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return err
	}
	status := "an error"
	if refused.Response != nil {
		status = fmt.Sprintf("status %d", refused.Response.StatusCode)
	}
	if refused.ErrorCode != "" {
		return fmt.Errorf("the token endpoint answered %s: %q", status, refused.ErrorCode)
	}
	return fmt.Errorf("the token endpoint answered %s", status)
}
