// Package avatar is user avatars (XEP-0084), their older kind in vCards (XEP-0153), and how one becomes the other
// (XEP-0398): payloads and conversions. It has no state.
package avatar

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
)

// Namespaces. Those of data and metadata are the names of their nodes, too.
const (
	NSData       = "urn:xmpp:avatar:data"
	NSMetadata   = "urn:xmpp:avatar:metadata"
	NSUpdate     = "vcard-temp:x:update"
	NSConversion = "urn:xmpp:pep-vcard-conversion:0" // feature of an account
	nsCard       = "vcard-temp"
)

// Info describes one form of an avatar (XEP-0084#proto-info).
type Info struct {
	ID    string // SHA-1 of the image, in hexadecimal digits
	Type  string // media type
	URL   string // where else than at the data node it is
	Bytes int
}

// Metadata lists the forms of an avatar; empty, it says that there is none.
type Metadata struct{ Infos []Info }

// Name is {urn:xmpp:avatar:metadata}metadata.
func (*Metadata) Name() elem.Name { return elem.Name{Space: NSMetadata, Local: "metadata"} }

// Encode writes the payload.
func (m *Metadata) Encode(w *elem.Writer) {
	w.Start(NSMetadata, "metadata")
	for _, i := range m.Infos {
		w.Start(NSMetadata, "info")
		w.IntAttr("bytes", int64(i.Bytes))
		w.Attr("id", i.ID)
		w.OptAttr("type", i.Type)
		w.OptAttr("url", i.URL)
		w.End()
	}
	w.End()
}

// Decode reads the payload. A number that is none is read as 0.
func (m *Metadata) Decode(e elem.Elem) error {
	*m = Metadata{}
	for c := range e.Children() {
		if c.Is(NSMetadata, "info") {
			n, _ := strconv.ParseUint(c.Attr("bytes"), 10, 31)
			m.Infos = append(m.Infos, Info{c.Attr("id"), c.Attr("type"), c.Attr("url"), int(n)})
		}
	}
	return nil
}

// Here returns the form that is at the data node, and whether there is one (XEP-0398#pep2vcard).
func (m *Metadata) Here() (Info, bool) {
	for _, i := range m.Infos {
		if i.URL == "" && i.ID != "" {
			return i, true
		}
	}
	return Info{}, false
}

// Image is an image itself.
type Image struct {
	Type string
	Data []byte
}

// ID is the SHA-1 of the image, in hexadecimal digits.
func (i *Image) ID() string {
	sum := sha1.Sum(i.Data)
	return hex.EncodeToString(sum[:])
}

// Name is {urn:xmpp:avatar:data}data.
func (*Image) Name() elem.Name { return elem.Name{Space: NSData, Local: "data"} }

// Encode writes the payload, without the type, which stands in the metadata.
func (i *Image) Encode(w *elem.Writer) {
	w.Elem(NSData, "data", base64.StdEncoding.EncodeToString(i.Data))
}

// ErrNoImage says that there is no image, or one that is not written in base 64.
var ErrNoImage = errors.New("there is no image in base 64")

// Decode reads the payload.
func (i *Image) Decode(e elem.Elem) error {
	data, err := decode(e.Text())
	if err != nil {
		return err
	}
	*i = Image{Data: data}
	return nil
}

// decode reads base 64 with white space anywhere (XEP-0153#bizrules-image).
func decode(s string) ([]byte, error) {
	s = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' || r == '\r' || r == '\t' {
			return -1
		}
		return r
	}, s)
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(data) == 0 {
		return nil, ErrNoImage
	}
	return data, nil
}

// Photo returns the image in a vCard. Errors: ErrNoImage.
func Photo(card []byte) (*Image, error) {
	t, err := elem.Parse(card, stanza.NSClient)
	if err != nil {
		return nil, ErrNoImage
	}
	p := t.Root().Child(nsCard, "PHOTO")
	data, err := decode(p.ChildText(nsCard, "BINVAL"))
	if err != nil {
		return nil, err
	}
	return &Image{Type: strings.TrimSpace(p.ChildText(nsCard, "TYPE")), Data: data}, nil
}

// WithPhoto returns a vCard with that image in place of its own; nil takes it out. card may be empty.
func WithPhoto(card []byte, i *Image) []byte {
	w := elem.NewWriter(make([]byte, 0, len(card)+128), stanza.NSClient)
	w.Start(nsCard, "vCard")
	if t, err := elem.Parse(card, stanza.NSClient); err == nil {
		for n, v := range t.Root().Attrs() {
			if n.Space == "" {
				w.Attr(n.Local, v)
			}
		}
		for c := range t.Root().Children() {
			if !c.Is(nsCard, "PHOTO") {
				w.Copy(c)
			}
		}
	}
	if i != nil {
		w.Start(nsCard, "PHOTO")
		if i.Type != "" {
			w.Elem(nsCard, "TYPE", i.Type)
		}
		w.Elem(nsCard, "BINVAL", base64.StdEncoding.EncodeToString(i.Data))
		w.End()
	}
	w.End()
	return w.Bytes()
}

// Update is what presence says of an avatar (XEP-0153#publish).
type Update struct {
	Photo string // SHA-1 of the image, in hexadecimal digits
	Ready bool   // the photo element is there; empty, it says that there is no image (XEP-0153#bizrules-presence)
}

// Name is {vcard-temp:x:update}x.
func (*Update) Name() elem.Name { return elem.Name{Space: NSUpdate, Local: "x"} }

// Encode writes the payload.
func (u *Update) Encode(w *elem.Writer) {
	w.Start(NSUpdate, "x")
	if u.Ready {
		w.Elem(NSUpdate, "photo", u.Photo)
	}
	w.End()
}

// Decode reads the payload.
func (u *Update) Decode(e elem.Elem) error {
	p := e.Child(NSUpdate, "photo")
	*u = Update{strings.ToLower(strings.TrimSpace(p.Text())), p.Ok()}
	return nil
}
