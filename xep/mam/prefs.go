package mam

import (
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
)

// Default says what is archived of those who are in neither list (XEP-0441#config-default).
type Default string

const (
	Always Default = "always"
	Never  Default = "never"
	Roster Default = "roster" // only people in the roster
)

// Valid says whether d is one of the three.
func (d Default) Valid() bool { return d == Always || d == Never || d == Roster }

// Prefs is what a user wants archived (XEP-0441#config).
type Prefs struct {
	Default Default
	Always  []jid.JID
	Never   []jid.JID
}

// Name is {urn:xmpp:mam:2}prefs.
func (*Prefs) Name() elem.Name { return elem.Name{Space: NS, Local: "prefs"} }

// Encode writes the payload. Of a get, the zero Prefs, nothing but the element is written.
func (p *Prefs) Encode(w *elem.Writer) {
	w.Start(NS, "prefs")
	w.OptAttr("default", string(p.Default))
	if p.Default != "" {
		encodeList(w, "always", p.Always)
		encodeList(w, "never", p.Never)
	}
	w.End()
}

func encodeList(w *elem.Writer, name string, list []jid.JID) {
	w.Start(NS, name)
	for _, j := range list {
		w.Elem(NS, "jid", j.String())
	}
	w.End()
}

// Decode reads the payload. An unknown default is a bad request; of a get it is absent. An address that is none is an
// error of jid-malformed.
func (p *Prefs) Decode(e elem.Elem) (err error) {
	*p = Prefs{Default: Default(e.Attr("default"))}
	if p.Default != "" && !p.Default.Valid() {
		return stanza.BadRequest.With("the default is always, never or roster")
	}
	if p.Always, err = decodeList(e.Child(NS, "always")); err == nil {
		p.Never, err = decodeList(e.Child(NS, "never"))
	}
	return err
}

func decodeList(e elem.Elem) (list []jid.JID, err error) {
	for c := range e.Children() {
		if !c.Is(NS, "jid") {
			continue
		}
		j, err := jid.Parse(c.Text())
		if err != nil {
			return nil, stanza.JIDMalformed.With("a list holds something that is no address")
		}
		list = append(list, j)
	}
	return list, nil
}

// Mark is one end of an archive.
type Mark struct {
	ID string
	At time.Time
}

// Metadata is the two ends of an archive (XEP-0313#archive-metadata). Both are nil in a request and for an empty archive.
type Metadata struct{ Start, End *Mark }

// Name is {urn:xmpp:mam:2}metadata.
func (*Metadata) Name() elem.Name { return elem.Name{Space: NS, Local: "metadata"} }

// Encode writes the payload.
func (m *Metadata) Encode(w *elem.Writer) {
	w.Start(NS, "metadata")
	m.Start.encode(w, "start")
	m.End.encode(w, "end")
	w.End()
}

func (m *Mark) encode(w *elem.Writer, name string) {
	if m != nil {
		w.Start(NS, name)
		w.Attr("id", m.ID)
		w.Attr("timestamp", m.At.UTC().Format(stampLayout))
		w.End()
	}
}

// Decode reads the payload. An end that is not whole is left out.
func (m *Metadata) Decode(e elem.Elem) error {
	*m = Metadata{decodeMark(e.Child(NS, "start")), decodeMark(e.Child(NS, "end"))}
	return nil
}

func decodeMark(e elem.Elem) *Mark {
	t, err := time.Parse(time.RFC3339Nano, e.Attr("timestamp"))
	if err != nil || e.Attr("id") == "" {
		return nil
	}
	return &Mark{e.Attr("id"), t.UTC()}
}
