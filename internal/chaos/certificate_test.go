package chaos_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"sync"
	"time"
)

// quiet takes what net/http has to say of connections that break.
var quiet = log.New(io.Discard, "", 0)

// identity is a certificate for the hosts of the tests, and who trusts it.
type identity struct {
	certificate tls.Certificate
	pool        *x509.CertPool
}

// newIdentity makes a certificate that signs itself. The key lives as long as
// the test.
func newIdentity() identity {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{"api.github.com", "gitlab.com", "api.bitbucket.org", elsewhere},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return identity{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool}
}

var (
	known   = sync.OnceValue(newIdentity)
	unknown = sync.OnceValue(newIdentity) // to everybody
)

func trusted() *x509.CertPool { return known().pool }

// tlsConfig is a server's. With h2 it offers HTTP/2.
func (i identity) tlsConfig(h2 bool) *tls.Config {
	c := &tls.Config{Certificates: []tls.Certificate{i.certificate}, NextProtos: []string{"http/1.1"}}
	if h2 {
		c.NextProtos = []string{"h2", "http/1.1"}
	}
	return c
}
