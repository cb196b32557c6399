package auth

import (
	"crypto/x509"
	"encoding/asn1"

	"github.com/stonechat-im/stonechat/jid"
)

var (
	oidSAN      = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidXMPPAddr = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 5} // id-on-xmppAddr, RFC 6120 §13.7.1.4
)

// identities returns the accounts of a domain that a client's certificate names: by xmppAddr (RFC 6120 §13.7.1.4), or by
// an e-mail address that is the account's. A certificate that does not lead to one of the authorities names nobody.
func identities(chain []*x509.Certificate, cas *x509.CertPool, domain string) []string {
	if len(chain) == 0 {
		return nil
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: cas, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil {
		return nil
	}
	var out []string
	seen := make(map[jid.Bare]bool)
	for _, s := range append(xmppAddrs(chain[0]), chain[0].EmailAddresses...) {
		b, err := jid.ParseBare(s)
		if err == nil && b.Domain() == domain && b.Local() != "" && !seen[b] {
			seen[b] = true
			out = append(out, b.String())
		}
	}
	return out
}

// xmppAddrs reads the xmppAddr names of a certificate, which crypto/x509 leaves alone. Broken ones are passed over.
func xmppAddrs(c *x509.Certificate) []string {
	var out []string
	for _, ext := range c.Extensions {
		if !ext.Id.Equal(oidSAN) {
			continue
		}
		var names asn1.RawValue
		if _, err := asn1.Unmarshal(ext.Value, &names); err != nil {
			continue
		}
		for rest := names.Bytes; len(rest) > 0; {
			var name asn1.RawValue
			var err error
			if rest, err = asn1.Unmarshal(rest, &name); err != nil {
				break
			}
			if s, ok := otherName(name); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

func otherName(name asn1.RawValue) (string, bool) {
	if name.Class != asn1.ClassContextSpecific || name.Tag != 0 {
		return "", false
	}
	var id asn1.ObjectIdentifier
	rest, err := asn1.Unmarshal(name.Bytes, &id)
	if err != nil || !id.Equal(oidXMPPAddr) {
		return "", false
	}
	var wrapped asn1.RawValue
	if _, err := asn1.Unmarshal(rest, &wrapped); err != nil {
		return "", false
	}
	var s string
	if _, err := asn1.UnmarshalWithParams(wrapped.Bytes, &s, "utf8"); err != nil {
		return "", false
	}
	return s, true
}
