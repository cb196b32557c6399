package sasl

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"slices"
)

// BindingType is a channel binding's unique prefix from the IANA registry (RFC 5056 §7).
type BindingType string

// The channel binding types of this package.
const (
	TLSExporter       BindingType = "tls-exporter"         // RFC 9266
	TLSUnique         BindingType = "tls-unique"           // RFC 5929 §3
	TLSServerEndPoint BindingType = "tls-server-end-point" // RFC 5929 §4
)

// Binding is one channel binding of a connection: its type and its data, which both ends compute alike.
type Binding struct {
	Type BindingType
	Data []byte
}

// Bindings returns the channel bindings of a TLS connection, strongest first. cs comes from tls.Conn.ConnectionState
// after the handshake; nil or an unfinished handshake gives none. serverCert is the certificate the server presented
// on this connection (a client passes cs.PeerCertificates[0]); nil leaves tls-server-end-point out.
//
// tls-exporter is there for TLS 1.3 and for TLS 1.2 with the extended master secret (RFC 9266 §4.2). tls-unique is
// there for TLS 1.2 and lower, except on connections resumed without the extended master secret (RFC 7677 §4).
func Bindings(cs *tls.ConnectionState, serverCert *x509.Certificate) []Binding {
	if cs == nil || !cs.HandshakeComplete {
		return nil
	}
	var bs []Binding
	// RFC 9266 §2: the context is a zero-length string, which below TLS 1.3 is not the same as no context.
	if data, err := cs.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32); err == nil {
		bs = append(bs, Binding{TLSExporter, data})
	}
	if cs.Version < tls.VersionTLS13 && len(cs.TLSUnique) > 0 {
		bs = append(bs, Binding{TLSUnique, slices.Clone(cs.TLSUnique)})
	}
	if serverCert != nil {
		if h, ok := endPointHash(serverCert.SignatureAlgorithm); ok {
			sum := h.New()
			sum.Write(serverCert.Raw)
			bs = append(bs, Binding{TLSServerEndPoint, sum.Sum(nil)})
		}
	}
	return bs
}

// endPointHash is the rule of RFC 5929 §4.1. Signatures without a hash function of their own, such as Ed25519, leave
// the binding undefined.
func endPointHash(a x509.SignatureAlgorithm) (crypto.Hash, bool) {
	switch a {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1,
		x509.SHA256WithRSA, x509.DSAWithSHA256, x509.ECDSAWithSHA256, x509.SHA256WithRSAPSS:
		return crypto.SHA256, true
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		return crypto.SHA384, true
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		return crypto.SHA512, true
	}
	return 0, false
}

// findBinding returns the binding of type t.
func findBinding(bs []Binding, t BindingType) (Binding, bool) {
	for _, b := range bs {
		if b.Type == t && len(b.Data) > 0 {
			return b, true
		}
	}
	return Binding{}, false
}
