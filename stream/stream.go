package stream

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/transport"
)

// State is what has been reached in negotiation.
type State uint8

const (
	Secure  State = 1 << iota // TLS is on
	Authed                    // the peer's identity is established
	Bound                     // a client has its resource
	Ready                     // negotiation is over
	Restart                   // not kept: the stream starts again (RFC 6120 §4.3.3)
)

// Feature is one thing the ends of a stream can agree on (RFC 6120 §4.3).
type Feature struct {
	// Takes says which elements begin this feature's exchange on the server's side. For IQs it is the payload's name.
	Takes []elem.Name
	// When says in which state the feature is there. Needs must be reached, Not must not.
	Needs, Not State
	// Advertise writes the feature into the server's offer. Nil: not advertised.
	Advertise func(s *Stream, w *elem.Writer)
	// Serve deals with the first element of an exchange and all that follows, and returns what was reached.
	Serve func(ctx context.Context, s *Stream, first elem.Elem) (State, error)
	// Use takes up an offer on the client's side; offered is the server's whole features element. It returns 0 when it does not
	// apply, so that the next feature is looked at.
	Use func(ctx context.Context, s *Stream, offered elem.Elem) (State, error)
}

func (f *Feature) fits(st State) bool { return st&f.Needs == f.Needs && st&f.Not == 0 }

// Stream is a stream in negotiation, and its result.
type Stream struct {
	Conn  transport.Conn
	Own   Header // what we sent
	Peer  Header // what we received
	State State
	User  any // the endpoint's own state

	head []byte // our header, to be sent together with what follows it
}

// Role is what an endpoint brings to negotiation.
type Role struct {
	Content string // jabber:client or jabber:server
	Lang    string // of texts
	// Host is called with each header a server receives. It checks the name and may adapt the stream; it returns the name to answer
	// as, and host-unknown and the like (RFC 6120 §4.9.3.6).
	Host     func(s *Stream, peer Header) (own string, err error)
	Features []*Feature
}

// ErrNoFeature says that a server offers nothing that a client can go on with.
var ErrNoFeature = errors.New("stream: the server offers nothing to go on with")

// Accept negotiates as a server until a feature reaches Ready. On failure the stream error has been sent; the caller
// closes the connection.
func (s *Stream) Accept(ctx context.Context, r *Role) error {
	err := s.accept(ctx, r)
	if err != nil {
		s.Fail(err)
	}
	return err
}

func (s *Stream) accept(ctx context.Context, r *Role) error {
	for {
		if err := s.answerHeader(r); err != nil {
			return err
		}
		if err := s.offer(r); err != nil {
			return err
		}
		reached, err := s.serve(ctx, r)
		if err != nil {
			return err
		}
		if reached&Ready != 0 {
			return nil
		}
	}
}

// answerHeader reads the peer's header and answers with ours, which is sent even when the peer's is refused, since an
// error must stand inside a stream (RFC 6120 §4.9.1.1).
func (s *Stream) answerHeader(r *Role) error {
	s.Own = Header{}
	var t elem.Tree
	ev, err := s.Conn.Next()
	if err != nil {
		s.Own = s.ownHeader(r, "")
		if AsError(err) == nil || errors.Is(err, os.ErrDeadlineExceeded) { // who says nothing is told nothing
			s.Own = Header{}
			return err
		}
		return s.sendHeader(err)
	}
	if ev != elem.Open {
		s.Own = s.ownHeader(r, "")
		return s.sendHeader(BadFormat.With("a stream header is expected"))
	}
	s.Conn.Take(&t)
	s.Peer, err = ReadHeader(t.Root(), r.Content)
	own, unknown := r.Host(s, s.Peer) // also asked for the name to refuse in (§4.9.1.2)
	if err == nil {
		err = unknown
	}
	s.Own = s.ownHeader(r, own)
	return s.sendHeader(err)
}

func (s *Stream) ownHeader(r *Role, from string) Header {
	return Header{From: from, To: s.Peer.From, ID: rand.Text(), Version: "1.0", Lang: r.Lang, Content: r.Content} // §4.7
}

// sendHeader makes our header ready to be sent with what comes next: features, or the error that it returns.
func (s *Stream) sendHeader(peer error) error {
	s.head = s.Own.Append(nil)
	return peer
}

// offer sends the stream features (RFC 6120 §4.3.2).
func (s *Stream) offer(r *Role) error {
	w := elem.NewWriter(append(s.head, "<stream:features>"...), r.Content)
	s.head = nil
	for _, f := range r.Features {
		if f.Advertise != nil && f.fits(s.State) {
			f.Advertise(s, w)
		}
	}
	_, err := s.Conn.Write(append(w.Bytes(), "</stream:features>"...))
	return err
}

// serve deals with elements until the stream is restarted or ready.
func (s *Stream) serve(ctx context.Context, r *Role) (State, error) {
	for {
		e, err := s.Next()
		if err != nil {
			return 0, err
		}
		f := r.find(s.State, e)
		if f == nil {
			if s.State&Authed == 0 { // RFC 6120 §4.9.3.12
				return 0, NotAuthorized.With("authenticate first")
			}
			if e.Space() == r.Content { // §7.1
				return 0, NotAuthorized.With("bind a resource first")
			}
			return 0, UnsupportedStanzaType.With("unexpected element before the resource is bound")
		}
		reached, err := f.Serve(ctx, s, e)
		if err != nil {
			return 0, err
		}
		s.State |= reached &^ Restart
		if reached&Restart != 0 {
			s.Conn.Restart()
			return reached, nil
		}
		if reached&Ready != 0 {
			return reached, nil
		}
	}
}

func (r *Role) find(st State, e elem.Elem) *Feature {
	name := e.Name()
	if name.Local == "iq" && name.Space == r.Content {
		name = e.First().Name()
	}
	for _, f := range r.Features {
		if !f.fits(st) {
			continue
		}
		for _, n := range f.Takes {
			if n == name {
				return f
			}
		}
	}
	return nil
}

// ErrClosed says that the peer ended the stream (RFC 6120 §4.4).
var ErrClosed = errors.New("stream: ended by the peer")

// Next reads one element. A stream error from the peer is returned as an error, its end as ErrClosed.
func (s *Stream) Next() (elem.Elem, error) {
	ev, err := s.Conn.Next()
	if err != nil {
		return elem.Elem{}, err
	}
	switch ev {
	case elem.Close:
		return elem.Elem{}, ErrClosed
	case elem.Open:
		return elem.Elem{}, BadFormat.With("a stream header inside a stream")
	}
	t := new(elem.Tree)
	s.Conn.Take(t)
	if e := t.Root(); !e.Is(NS, "error") {
		return e, nil
	}
	return elem.Elem{}, ReadError(t.Root())
}

// Fail ends the stream because of err: with the stream error that fits, or without one when the peer ended it. It does
// not close the connection.
func (s *Stream) Fail(err error) {
	if s.Own.Content == "" { // nothing was said yet
		return
	}
	out := s.head
	if se := AsError(err); se != nil {
		out = se.Append(out)
	} else if !errors.Is(err, ErrClosed) && !s.peerError(err) {
		return
	}
	_, _ = s.Conn.Write(append(out, "</stream:stream>"...))
}

func (s *Stream) peerError(err error) bool {
	var se *Error
	return errors.As(err, &se) && se.Received
}

// Initiate negotiates as a client until a feature reaches Ready.
func (s *Stream) Initiate(ctx context.Context, r *Role, to, from string) error {
	for {
		s.Own = Header{To: to, From: from, Version: "1.0", Lang: r.Lang, Content: r.Content}
		if s.State&Secure == 0 {
			s.Own.From = "" // RFC 6120 §4.7.1: not before the stream is protected
		}
		if _, err := s.Conn.Write(s.Own.Append(nil)); err != nil {
			return err
		}
		offered, err := s.readOffer(r)
		if err != nil {
			return err
		}
		for again := true; again; {
			reached, err := s.use(ctx, r, offered)
			if err != nil {
				return err
			}
			if reached&Ready != 0 {
				return nil
			}
			again = reached&Restart == 0
		}
		s.Conn.Restart()
	}
}

func (s *Stream) readOffer(r *Role) (elem.Elem, error) {
	ev, err := s.Conn.Next()
	if err != nil {
		return elem.Elem{}, err
	}
	if ev != elem.Open {
		return elem.Elem{}, io.ErrUnexpectedEOF
	}
	var t elem.Tree
	s.Conn.Take(&t)
	if s.Peer, err = ReadHeader(t.Root(), r.Content); err != nil {
		return elem.Elem{}, err
	}
	e, err := s.Next()
	if err != nil {
		return elem.Elem{}, err
	}
	if !e.Is(NS, "features") {
		return elem.Elem{}, BadFormat.With("stream features are expected")
	}
	return e, nil
}

func (s *Stream) use(ctx context.Context, r *Role, offered elem.Elem) (State, error) {
	for _, f := range r.Features {
		if f.Use == nil || !f.fits(s.State) {
			continue
		}
		reached, err := f.Use(ctx, s, offered)
		if err != nil {
			return 0, err
		}
		if reached != 0 {
			s.State |= reached &^ Restart
			return reached, nil
		}
	}
	return 0, ErrNoFeature
}
