//go:build linux

package faults

import (
	"io"
	"net"
	"sync"
	"testing"
)

// proxy stands between clients and server: clients find the server at one address in all its lives, and connections can
// be cut, or go silent.
type proxy struct {
	l      net.Listener
	server func() string // where the server is now

	mu    sync.Mutex
	links map[*link]struct{}
}

// link is one connection through the proxy.
type link struct {
	client, server net.Conn
	mu             sync.Mutex
	fate           fate
	freed          chan struct{} // closed when the link ends
	end            sync.Once
}

// fate is what becomes of the bytes on a link.
type fate int

const (
	flowing fate = iota
	frozen       // they are not taken: the sender's buffers fill up
	lost         // they are taken and lost, as behind a router that has forgotten the connection
)

func newProxy(t *testing.T, server func() string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{l: l, server: server, links: make(map[*link]struct{})}
	t.Cleanup(func() {
		_ = l.Close()
		for _, k := range p.all() {
			k.cut()
		}
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.join(c)
		}
	}()
	return p
}

func (p *proxy) addr() string { return p.l.Addr().String() }

func (p *proxy) join(c net.Conn) {
	s, err := net.Dial("tcp", p.server())
	if err != nil {
		_ = c.Close()
		return
	}
	k := &link{client: c, server: s, freed: make(chan struct{})}
	p.mu.Lock()
	p.links[k] = struct{}{}
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { k.pump(c, s) })
	both.Go(func() { k.pump(s, c) })
	both.Wait()
	p.mu.Lock()
	delete(p.links, k)
	p.mu.Unlock()
}

// all returns the links that are open.
func (p *proxy) all() []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]*link, 0, len(p.links))
	for k := range p.links {
		out = append(out, k)
	}
	return out
}

func (k *link) pump(from, to net.Conn) {
	defer k.cut()
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		switch k.now() {
		case frozen:
			<-k.freed
			return
		case lost:
			_, _ = io.Copy(io.Discard, from)
			<-k.freed // the other side is told nothing, not even of the end
			return
		}
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (k *link) now() fate {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.fate
}

// silence makes a link half-open: from now on nothing comes through, and nobody is told.
func (k *link) silence(f fate) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.fate = f
}

// cut resets both sides of a link.
func (k *link) cut() {
	k.end.Do(func() {
		for _, c := range []net.Conn{k.client, k.server} {
			if t, ok := c.(*net.TCPConn); ok && k.now() == flowing {
				_ = t.CloseWrite() // what was forwarded still arrives
			}
			_ = c.Close()
		}
		close(k.freed)
	})
}
