// Package xmlscan is a streaming pull tokenizer for the part of XML that XMPP uses.
//
// RFC 6120 §11 leaves out comments, processing instructions, document type
// declarations and every entity but the five predefined ones. What remains is
// checked in full: UTF-8, the Char production, well-formedness, and namespace
// well-formedness (XML 1.0 fifth edition, Namespaces in XML 1.0). Limits are
// enforced while scanning, before memory is spent.
//
// A Scanner belongs to one goroutine. It keeps no bytes: the caller holds the
// bytes of the current top-level element and passes them all on every call,
// grown at the end by whatever arrived. The scanner remembers where it was,
// also in the middle of a tag or a name, so that the work is linear in the
// number of bytes however they are cut. Tokens hold offsets, never copies, and
// the tables are reused: steady state allocates nothing.
//
// Start reading at Scanner.Next (scan.go); tags are in tag.go, namespaces in
// namespace.go, characters in chars.go, references and CDATA in text.go.
package xmlscan
