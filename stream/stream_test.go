package stream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/sasl"
	"github.com/stonechat-im/stonechat/stream"
	"github.com/stonechat-im/stonechat/transport"
	"github.com/stonechat-im/stonechat/xmlscan"
)

const content = "jabber:client"

// serverRole is a server for montague.example that lets everybody in: an anonymous login and any resource.
func serverRole() *stream.Role {
	host := func(_ *stream.Stream, peer stream.Header) (string, error) {
		if peer.To != "montague.example" {
			return "montague.example", stream.HostUnknown
		}
		return peer.To, nil
	}
	login := &stream.Feature{
		Takes: []elem.Name{{Space: stream.NSSASL, Local: "auth"}}, Not: stream.Authed,
		Advertise: func(_ *stream.Stream, w *elem.Writer) {
			w.Start(stream.NSSASL, "mechanisms")
			w.Elem(stream.NSSASL, "mechanism", string(sasl.Anonymous))
			w.End()
		},
		Serve: func(_ context.Context, s *stream.Stream, _ elem.Elem) (stream.State, error) {
			_, err := s.Conn.Write([]byte("<success xmlns='" + stream.NSSASL + "'/>"))
			return stream.Authed | stream.Restart, err
		},
	}
	bind := &stream.Feature{
		Takes: []elem.Name{{Space: stream.NSBind, Local: "bind"}}, Needs: stream.Authed, Not: stream.Bound,
		Advertise: func(_ *stream.Stream, w *elem.Writer) { w.Elem(stream.NSBind, "bind", "") },
		Serve: func(_ context.Context, s *stream.Stream, e elem.Elem) (stream.State, error) {
			_, err := fmt.Fprintf(s.Conn, "<iq type='result' id='%s'><bind xmlns='%s'><jid>guest@montague.example/%s</jid></bind></iq>",
				e.Attr("id"), stream.NSBind, e.First().ChildText(stream.NSBind, "resource"))
			return stream.Bound | stream.Ready, err
		},
	}
	return &stream.Role{Content: content, Lang: "en", Host: host, Features: []*stream.Feature{login, bind}}
}

func clientRole(bound *string) *stream.Role {
	return &stream.Role{Content: content, Features: []*stream.Feature{
		stream.UseSASL(&stream.Credentials{Anonymous: true}),
		stream.UseBind("orchard", func(full string) { *bound = full }),
	}}
}

func Example() {
	a, b := transport.Pipe(xmlscan.Limits{})
	served := make(chan error, 1)
	go func() { served <- (&stream.Stream{Conn: b}).Accept(context.Background(), serverRole()) }()
	var bound string
	client := &stream.Stream{Conn: a}
	err := client.Initiate(context.Background(), clientRole(&bound), "montague.example", "")
	fmt.Println(err, <-served, bound)
	// Output: <nil> <nil> guest@montague.example/orchard
}

func TestRolesFailTogether(t *testing.T) {
	a, b := transport.Pipe(xmlscan.Limits{})
	served := make(chan error, 1)
	go func() {
		served <- (&stream.Stream{Conn: b}).Accept(t.Context(), serverRole())
		_ = b.Close()
	}()
	var bound string
	err := (&stream.Stream{Conn: a}).Initiate(t.Context(), clientRole(&bound), "capulet.example", "")
	var se *stream.Error
	if !errors.As(err, &se) || !se.Received || se.Condition != stream.HostUnknown {
		t.Errorf("the client was told %v", err)
	}
	if err := <-served; !errors.Is(err, stream.HostUnknown) {
		t.Errorf("the server ended with %v", err)
	}
}

// A client never goes on in the clear when it wants TLS.
func TestClientInsistsOnTLS(t *testing.T) {
	a, b := transport.Pipe(xmlscan.Limits{})
	go func() { _ = (&stream.Stream{Conn: b}).Accept(t.Context(), serverRole()) }()
	role := &stream.Role{Content: content, Features: []*stream.Feature{stream.UseTLS(nil)}}
	if err := (&stream.Stream{Conn: a}).Initiate(t.Context(), role, "montague.example", ""); err == nil {
		t.Error("went on without TLS")
	}
	_ = a.Close()
}

// script is a connection whose peer has said all it will say.
type script struct {
	in  *bytes.Reader
	out bytes.Buffer
}

func (s *script) Read(b []byte) (int, error)       { return s.in.Read(b) }
func (s *script) Write(b []byte) (int, error)      { return s.out.Write(b) }
func (s *script) Close() error                     { return nil }
func (s *script) LocalAddr() net.Addr              { return nil }
func (s *script) RemoteAddr() net.Addr             { return nil }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

const head = "<stream:stream to='montague.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

// Whatever a client sends, the server's side ends, and what it has said is one stream each time: a header first, and
// nothing behind an end.
func FuzzAccept(f *testing.F) {
	f.Add(head)
	f.Add(head + "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>" + head + "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
	f.Add(head + "<message/></stream:stream>")
	f.Add("<?xml version='1.0'?><!-- -->")
	f.Fuzz(func(t *testing.T, in string) {
		c := &script{in: bytes.NewReader([]byte(in))}
		s := &stream.Stream{Conn: transport.New(c, xmlscan.Limits{MaxBytes: 4096})}
		err := s.Accept(context.Background(), serverRole())
		out := c.out.String()
		if err == nil && s.State&stream.Ready == 0 {
			t.Fatal("accepted what is not ready")
		}
		if out != "" && !strings.HasPrefix(out, "<?xml") {
			t.Fatalf("said %q", out)
		}
		if end := "</stream:stream>"; strings.Contains(out, end) && !strings.HasSuffix(out, end) {
			t.Fatalf("said something behind the end: %q", out)
		}
	})
}

// Whatever a server says, the client's side ends, and does not take it for a login that it is not.
func FuzzInitiate(f *testing.F) {
	open := "<stream:stream from='montague.example' id='1' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
	mechs := "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism></mechanisms></stream:features>"
	bind := "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"
	f.Add(open + mechs + "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>" + open + bind +
		"<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>a@b/c</jid></bind></iq>")
	f.Add(open + mechs + "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>")
	f.Add(open + "<stream:error><host-gone xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>")
	f.Fuzz(func(t *testing.T, in string) {
		c := &script{in: bytes.NewReader([]byte(in))}
		s := &stream.Stream{Conn: transport.New(c, xmlscan.Limits{MaxBytes: 4096})}
		var bound string
		err := s.Initiate(context.Background(), clientRole(&bound), "montague.example", "")
		if err == nil && (s.State&(stream.Authed|stream.Bound) != stream.Authed|stream.Bound) {
			t.Fatal("ready without having logged in and bound")
		}
		if errors.Is(err, io.ErrNoProgress) {
			t.Fatal("it spins")
		}
	})
}

func TestErrorsRoundTrip(t *testing.T) {
	e := &stream.Error{Condition: stream.SeeOtherHost, Host: "verona.example:5222", Text: "we have moved"}
	tree, err := elem.Parse(append([]byte("<s xmlns:stream='"+stream.NS+"'>"), append(e.Append(nil), "</s>"...)...), "")
	if err != nil {
		t.Fatal(err)
	}
	got := stream.ReadError(tree.Root().First())
	if got.Condition != e.Condition || got.Host != e.Host || got.Text != e.Text {
		t.Errorf("read as %+v", got)
	}
	if stream.AsError(got) != nil {
		t.Error("a received error would be sent back")
	}
}
