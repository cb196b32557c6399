package transport_test

import (
	"net"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/transport"
	"github.com/stonechat-im/stonechat/xmlscan"
)

// Clients end a line after <auth/>, and begin the next stream with an XML declaration, however the bytes are cut.
func TestBlanksBeforeRestart(t *testing.T) {
	const (
		first  = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'><auth xmlns='urn:x'/>"
		second = "<?xml version='1.0'?>\n<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
	)
	for _, tt := range []struct {
		name   string
		writes []string
	}{
		{"at once", []string{first + "\r\n\t " + second}},
		{"with the element", []string{first + "\n", second}},
		{"with the new stream", []string{first, "\n" + second}},
		{"by themselves", []string{first, "\n", second}},
		{"none", []string{first, second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			far, near := net.Pipe()
			defer far.Close()
			c := transport.New(near, xmlscan.Limits{})
			defer c.Close()
			_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
			go func() {
				for _, w := range tt.writes {
					_, _ = far.Write([]byte(w))
				}
			}()
			for _, want := range []elem.Event{elem.Open, elem.Element, elem.Open} {
				ev, err := c.Next()
				if err != nil || ev != want {
					t.Fatalf("event %v, error %v, want %v", ev, err, want)
				}
				var tree elem.Tree
				c.Take(&tree)
				if ev == elem.Element {
					c.Restart()
				}
			}
		})
	}
}
