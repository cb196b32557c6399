package xmpptest

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/sasl"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/stream"
)

// connect logs in and binds.
func (s *Server) connect(t testing.TB, label string) (*Client, error) {
	c, err := s.logIn(t, label)
	if err != nil {
		return c, err
	}
	return c, c.bind()
}

// logIn makes a connection and authenticates; the features of the new stream have been read.
func (s *Server) logIn(t testing.TB, label string) (*Client, error) {
	c, err := s.newClient(t, label)
	if err != nil {
		return nil, err
	}
	c.connect(s.cfg.TLS)
	if err := c.open(); err != nil {
		return c, err
	}
	if err := c.authenticate(); err != nil {
		return c, err
	}
	return c, c.open()
}

// open starts a stream and reads the server's header and features.
func (c *Client) open() error {
	h := stream.Header{To: c.host, Version: "1.0", Content: stanza.NSClient}
	c.write(h.Append(nil))
	if ev, err := c.next(); err != nil || ev.kind != elem.Open {
		return c.unexpected("a stream header", ev, err)
	}
	if ev, err := c.next(); err != nil || !ev.is(stream.NS, "features") {
		return c.unexpected("stream features", ev, err)
	}
	return nil
}

func (ev event) is(space, local string) bool {
	return ev.err == nil && ev.kind == elem.Element && ev.tree.Root().Is(space, local)
}

func (c *Client) unexpected(want string, ev event, err error) error {
	if err == nil {
		err = fmt.Errorf("%v arrived", ev)
	}
	return fmt.Errorf("%s expected %s: %w", c.label, want, err)
}

// mechanism is how clients log in.
const mechanism = sasl.ScramSHA256

// authenticate logs in on a stream whose features have been read.
func (c *Client) authenticate() error {
	cred, err := credentialsOnce()
	if err != nil {
		return err
	}
	x, err := sasl.NewScramClient(mechanism, sasl.ScramClientOptions{Username: c.user, Password: Password, Keys: &cred.keys})
	if err != nil {
		return err
	}
	first, _, err := x.Start()
	if err != nil {
		return err
	}
	c.say("auth mechanism='"+string(mechanism)+"'", "auth", first)
	ev, err := c.next()
	if err != nil || !ev.is(stream.NSSASL, "challenge") {
		return c.unexpected("a SASL challenge", ev, err)
	}
	challenge, err := base64.StdEncoding.DecodeString(ev.tree.Root().Text())
	if err != nil {
		return err
	}
	response, err := x.Next(challenge)
	if err != nil {
		return err
	}
	c.say("response", "response", response)
	if ev, err = c.next(); err != nil || !ev.is(stream.NSSASL, "success") {
		return c.unexpected("success", ev, err)
	}
	final, err := base64.StdEncoding.DecodeString(ev.tree.Root().Text())
	if err != nil {
		return err
	}
	return x.Done(final)
}

func (c *Client) say(start, end string, data []byte) {
	c.write([]byte("<" + start + " xmlns='" + stream.NSSASL + "'>" + base64.StdEncoding.EncodeToString(data) + "</" + end + ">"))
}

// bind asks for the client's resource.
func (c *Client) bind() error {
	w := elem.NewWriter(nil, stanza.NSClient)
	w.Start(stanza.NSClient, "iq")
	w.Attr("type", "set")
	w.Attr("id", "bind")
	w.Start(stream.NSBind, "bind")
	w.Elem(stream.NSBind, "resource", c.res)
	w.End()
	w.End()
	c.write(w.Bytes())
	ev, err := c.next()
	if err != nil || !ev.is(stanza.NSClient, "iq") || ev.tree.Root().Attr("type") != "result" {
		return c.unexpected("its resource to be bound", ev, err)
	}
	c.bound = true
	return nil
}
