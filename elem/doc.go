// Package elem is a compact element tree over the bytes it was parsed from,
// and a writer.
//
// A Tree is a flat table of offsets into one immutable byte slice: parsing
// copies nothing, reading names and text allocates nothing, and writing an
// element copies the bytes that were received (Elem.AppendTo). An Elem is a
// cursor into a Tree, cheap to copy; the zero Elem is absent and all its
// methods work, so that look-ups chain without checks.
//
// A Tree belongs to whoever holds it and is safe for concurrent reading. The
// strings it gives out are views of its bytes and keep all of them alive:
// strings.Clone what outlives the stanza.
//
// The input is the subset of XML of RFC 6120 §11, see package xmlscan. Start
// reading at Parse and Decoder, then Elem; Writer stands apart.
package elem
