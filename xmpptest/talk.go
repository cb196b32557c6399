package xmpptest

import (
	"fmt"

	"github.com/stonechat-im/stonechat/elem"
)

// Send sends XML. Placeholders as in transcripts are filled in.
func (c *Client) Send(xml string) {
	c.t.Helper()
	out, err := c.srv.expand(xml, true)
	if err != nil {
		c.t.Fatal(err)
	}
	c.write([]byte(out))
}

// Expect waits for the next thing that arrives, which must match xml as in transcripts, and returns it. What comes back
// for a stream's end is absent.
func (c *Client) Expect(xml string) elem.Elem {
	c.t.Helper()
	x, err := expect(xml)
	if err != nil {
		c.t.Fatal(err)
	}
	ev, err := c.next()
	if err != nil {
		c.t.Fatalf("%s: %v; expected %s", c.label, err, xml)
	}
	if err := c.srv.match(x, ev); err != nil {
		c.t.Fatalf("%s: %v\narrived:  %v\nexpected: %s", c.label, err, ev, xml)
	}
	return ev.tree.Root()
}

// Quiet fails the test when anything has arrived that was not expected, once the server has done all that it has to do
// at this moment.
func (c *Client) Quiet() {
	c.t.Helper()
	c.srv.settle()
	if err := c.quiet(); err != nil {
		c.t.Fatal(err)
	}
}

func (c *Client) quiet() error {
	if w := c.waiting(); len(w) > 0 {
		return fmt.Errorf("%s is not left in peace: %v", c.label, w[0])
	}
	return nil
}

// Closed waits for the server to close the connection; nothing else may arrive.
func (c *Client) Closed() {
	c.t.Helper()
	if err := c.closed(); err != nil {
		c.t.Fatal(err)
	}
}

func (c *Client) closed() error {
	ev, err := c.next()
	if err == nil && ev.err == nil {
		err = fmt.Errorf("%v arrived", ev)
	}
	if err != nil {
		return fmt.Errorf("%s: the connection should be closed: %w", c.label, err)
	}
	return nil
}

// Cut ends the connection without a word, as a network does.
func (c *Client) Cut() { c.cut() }

// leave ends the stream in order and forgets what arrives until then.
func (c *Client) leave() error {
	c.bound = false
	c.write([]byte("</stream:stream>"))
	for {
		ev, err := c.next()
		if err != nil {
			return fmt.Errorf("%s: the server does not close the connection: %w", c.label, err)
		}
		if ev.err != nil {
			return nil
		}
	}
}

// appear sends initial presence and sets aside what the server sends back for it.
func (c *Client) appear() error {
	c.srv.settle()
	if err := c.quiet(); err != nil {
		return err
	}
	c.write([]byte("<presence/>"))
	c.srv.settle()
	c.setAside()
	return nil
}
