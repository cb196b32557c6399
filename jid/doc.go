// Package jid holds XMPP addresses (JIDs) as small, immutable, comparable values.
//
// An address is [local@]domain[/resource] (RFC 7622). Three types say which form a
// function wants: [JID] is any address, [Bare] has no resource, [Full] always has one.
// They are distinct, so comparing a Full with a Bare does not compile; drop the resource
// first. All three are 24 bytes, are equal under == exactly when RFC 7622 calls the
// addresses equal, and work as map keys.
//
// Parsing normalises: the local part by the PRECIS profile UsernameCaseMapped, the
// resource by OpaqueString (RFC 8265), the domain by IDNA2008 (RFC 5891) to U-labels in
// lower case. Every part is limited to 1023 bytes, the domain also by the limits of the
// DNS. Errors are [Error] values that name the part.
//
// An address that is already in normal form and ASCII is parsed without allocating: the
// value shares memory with the input. Keep such a value for long with Clone.
//
// The values own no state and the package has none; everything is safe for concurrent
// use. Also here: escaping of local parts (XEP-0106), xmpp: URIs and IRIs (RFC 5122), and
// a check for look-alike names ([Confusable]).
//
// Start reading at jid.go for the types, parse.go for the fast path, prepare.go for the
// rules of each part.
package jid
