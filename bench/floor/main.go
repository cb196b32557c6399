// Command floor is what a chat server cannot go below: it only passes the bytes of one TLS connection on to another, and
// knows no XMPP. Load it with `stonechat bench chat --floor` to see what of a server's cost is system calls and
// encryption.
//
// A connection says a name and a line feed; two of the same name are a pair. Each connection has one goroutine, which reads
// it and writes to the other. Start reading at relay.pass.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"sync"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:5999", "address to listen on")
	flag.Parse()
	if err := run(*listen); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(addr string) error {
	cert, err := selfMade()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Println("listening on", l.Addr())
	return newRelay().serve(l, &tls.Config{Certificates: []tls.Certificate{cert}})
}

// selfMade makes an ECDSA certificate, of the kind that servers under comparison use.
func selfMade() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// relay brings connections together.
type relay struct {
	mu      sync.Mutex
	waiting map[string]half // by name
}

// half is a connection whose other has not come yet.
type half struct {
	conn  net.Conn
	other chan net.Conn
}

func newRelay() *relay { return &relay{waiting: make(map[string]half)} }

func (r *relay) serve(l net.Listener, cfg *tls.Config) error {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		go r.pass(tls.Server(c, cfg))
	}
}

// meet returns the other connection of this name, when it is there.
func (r *relay) meet(name string, c net.Conn) net.Conn {
	r.mu.Lock()
	if h, ok := r.waiting[name]; ok {
		delete(r.waiting, name)
		r.mu.Unlock()
		h.other <- c
		return h.conn
	}
	h := half{c, make(chan net.Conn)}
	r.waiting[name] = h
	r.mu.Unlock()
	return <-h.other
}

// pass writes to the other connection what it reads from this one.
func (r *relay) pass(c net.Conn) {
	defer func() { _ = c.Close() }()
	name, err := hello(c)
	if err != nil {
		return
	}
	to := r.meet(name, c)
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// hello reads a name and the line feed behind it.
func hello(c io.Reader) (string, error) {
	var line []byte
	var b [1]byte
	for len(line) < 40 {
		if _, err := io.ReadFull(c, b[:]); err != nil {
			return "", err
		}
		if b[0] == '\n' {
			return string(line), nil
		}
		line = append(line, b[0])
	}
	return "", errors.New("no name")
}
