// Package sasl implements both sides of the SASL mechanisms XMPP uses: PLAIN, EXTERNAL, ANONYMOUS, OAUTHBEARER,
// SCRAM-SHA-1, -256 and -512 with and without -PLUS, and the hashed-token mechanisms HT-SHA-256-* of FAST.
//
// It works on decoded octets: no XML, no base64 of the XMPP profile, no network, no storage. The stream layer carries
// the octets (RFC 6120 §6 or XEP-0388) and the caller supplies passwords, keys and tokens through small functions.
//
// Specifications: RFC 4422 (SASL, EXTERNAL), RFC 4505 (ANONYMOUS), RFC 4616 (PLAIN), RFC 5802 and RFC 7677 (SCRAM),
// RFC 5929 and RFC 9266 (TLS channel bindings), RFC 7628 (OAUTHBEARER), RFC 8265 (passwords),
// draft-schmaus-kitten-sasl-ht-09 as used by XEP-0484 (HT), XEP-0440 (offered binding types),
// XEP-0474 (downgrade protection), XEP-0175 and XEP-0178 (practice for ANONYMOUS and EXTERNAL).
//
// # State
//
// An Exchange or a Client belongs to one login attempt and to the goroutine that runs it; it is not safe for
// concurrent use and cannot be reused. Everything else is plain values. The package keeps no state of its own.
//
// # Absent and empty
//
// SASL tells "no initial response" from "an empty one" (RFC 6120 §6.4.2 writes the latter as "="). In the first call
// of Exchange.Next nil means absent and a non-nil slice of length 0 means empty; in later calls both mean empty. A nil
// challenge with done set means success without additional data.
//
// # Where to start
//
// Exchange and Client are the two roles. Choose picks a mechanism for a client and Bindings lists the channel bindings
// of a TLS connection. Keys is what a server stores instead of a password, ClientKeys what a client may store.
package sasl
