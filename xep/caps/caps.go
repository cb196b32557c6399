// Package caps is entity capabilities (XEP-0115): the element that presence carries, and the verification string that
// ties it to an answer to disco#info. It has no state. Start reading at Verify.
package caps

import (
	"crypto"
	_ "crypto/sha1" // hash functions that Supported names
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xep/disco"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// NS is the namespace of entity capabilities.
const NS = "http://jabber.org/protocol/caps"

// Caps is the element in presence.
type Caps struct {
	Hash string // name of the hash function; empty in the legacy format (§7.1)
	Node string // URI of the software
	Ver  string // verification string
	Ext  string // of the legacy format
}

// ErrIncomplete says that node or ver is missing.
var ErrIncomplete = errors.New("capabilities lack node or ver")

// Name is {http://jabber.org/protocol/caps}c.
func (*Caps) Name() elem.Name { return elem.Name{Space: NS, Local: "c"} }

// Encode writes the payload.
func (c *Caps) Encode(w *elem.Writer) {
	w.Start(NS, "c")
	w.OptAttr("hash", c.Hash)
	w.Attr("node", c.Node)
	w.Attr("ver", c.Ver)
	w.OptAttr("ext", c.Ext)
	w.End()
}

// Decode reads the payload. Its strings share memory with the element.
func (c *Caps) Decode(e elem.Elem) error {
	*c = Caps{Hash: e.Attr("hash"), Node: e.Attr("node"), Ver: e.Attr("ver"), Ext: e.Attr("ext")}
	if c.Node == "" || c.Ver == "" {
		return ErrIncomplete
	}
	return nil
}

// Query is the node to ask disco#info for (XEP-0115#discover).
func (c *Caps) Query() string { return c.Node + "#" + c.Ver }

// Supported returns the hash function of a name from the IANA registry, where Verify can check it.
func Supported(name string) (crypto.Hash, bool) {
	switch strings.ToLower(name) {
	case "sha-1":
		return crypto.SHA1, true
	case "sha-224":
		return crypto.SHA224, true
	case "sha-256":
		return crypto.SHA256, true
	case "sha-384":
		return crypto.SHA384, true
	case "sha-512":
		return crypto.SHA512, true
	}
	return 0, false
}

// Errors of Verify.
var (
	ErrHash     = errors.New("the hash function is not known")
	ErrIll      = errors.New("the answer says something twice")
	ErrMismatch = errors.New("the answer does not have the hash that was announced")
)

// Verify checks an answer against what was announced (XEP-0115#ver-proc, step 3). Errors: ErrHash, when there is no way to
// check it, so that the answer may be believed of its sender alone; ErrIll and ErrMismatch, when it must not be believed.
func Verify(c *Caps, answer *disco.Info) error {
	h, ok := Supported(c.Hash)
	if !ok {
		return ErrHash
	}
	if !wellFormed(answer) {
		return ErrIll
	}
	if Ver(h, answer) != c.Ver {
		return ErrMismatch
	}
	return nil
}

// wellFormed is XEP-0115#ver-proc, steps 3.3 to 3.5.
func wellFormed(i *disco.Info) bool {
	ids := make(map[disco.Identity]bool, len(i.Identities))
	for _, id := range i.Identities {
		if ids[id] {
			return false
		}
		ids[id] = true
	}
	features := make(map[string]bool, len(i.Features))
	for _, f := range i.Features {
		if features[f] {
			return false
		}
		features[f] = true
	}
	types := make(map[string]bool)
	for _, f := range i.Forms {
		field := f.Field("FORM_TYPE")
		if field == nil || len(field.Values) == 0 {
			continue
		}
		for _, v := range field.Values[1:] {
			if v != field.Values[0] {
				return false
			}
		}
		if types[field.Values[0]] {
			return false
		}
		types[field.Values[0]] = true
	}
	return true
}

// Ver makes the verification string of an answer (XEP-0115#ver-gen).
func Ver(h crypto.Hash, i *disco.Info) string {
	sum := h.New()
	sum.Write([]byte(source(i)))
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

// source is the text that is hashed.
func source(i *disco.Info) string {
	var s strings.Builder
	add := func(all []string) {
		slices.Sort(all)
		for _, x := range all {
			s.WriteString(x)
			s.WriteByte('<')
		}
	}
	ids := slices.Clone(i.Identities) // sorted by parts: "a/b" sorts otherwise than "a" before "a b"
	slices.SortFunc(ids, func(a, b disco.Identity) int {
		if c := strings.Compare(a.Category, b.Category); c != 0 {
			return c
		}
		if c := strings.Compare(a.Type, b.Type); c != 0 {
			return c
		}
		return strings.Compare(a.Lang, b.Lang)
	})
	for _, id := range ids {
		s.WriteString(id.Category + "/" + id.Type + "/" + id.Lang + "/" + id.Name + "<")
	}
	add(slices.Clone(i.Features))
	for _, f := range sortedForms(i.Forms) {
		s.WriteString(f.FormType() + "<")
		fields := slices.Clone(f.Fields)
		slices.SortStableFunc(fields, func(a, b forms.Field) int { return strings.Compare(a.Var, b.Var) })
		for _, x := range fields {
			if x.Var == "FORM_TYPE" {
				continue
			}
			s.WriteString(x.Var + "<")
			add(slices.Clone(x.Values))
		}
	}
	return s.String()
}

// sortedForms are the forms that count: those with a hidden FORM_TYPE (XEP-0115#ver-proc, step 3.6).
func sortedForms(all []*forms.Form) []*forms.Form {
	var out []*forms.Form
	for _, f := range all {
		if x := f.Field("FORM_TYPE"); x != nil && x.Type == forms.Hidden && len(x.Values) > 0 {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b *forms.Form) int { return strings.Compare(a.FormType(), b.FormType()) })
	return out
}
