package fleettest

import "net/http"

// fromStorage answers as a storage host that takes its requests by a signature
// in the URL. A credential besides is one too many for it, as it is for Amazon
// S3. A nil body is not found.
func fromStorage(c *call, body []byte) *answer {
	if c.r.Header.Get("Authorization") != "" {
		a := newAnswer(http.StatusBadRequest)
		a.header.Set("Content-Type", "application/xml")
		a.body = []byte(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified</Message></Error>`)
		return a
	}
	a := newAnswer(http.StatusOK)
	a.header.Set("Content-Type", "application/octet-stream")
	if a.body = body; body == nil {
		a.status = http.StatusNotFound
	}
	return a
}

// toHTTPS leads from the plain-http side of the host to https. No other name
// exists.
func (h *host) toHTTPS(c *call) (*answer, error) {
	if !h.origins["https://"+c.entry.Host] {
		return nil, noSuchHost(c.entry.Host)
	}
	a := newAnswer(http.StatusMovedPermanently)
	a.header.Set("Location", "https://"+c.entry.Host+c.r.URL.RequestURI())
	return a, nil
}
