package main

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
)

func TestPairsAreConnected(t *testing.T) {
	cert, err := selfMade()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() { _ = newRelay().serve(l, &tls.Config{Certificates: []tls.Certificate{cert}}) }()
	for _, round := range []string{"first run", "second run with the same names"} {
		t.Run(round, func(t *testing.T) {
			var conns [4]net.Conn
			for i := range conns {
				c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = c.Close() })
				conns[i] = c
				if _, err := io.WriteString(c, string(rune('0'+i/2))+"\n"); err != nil {
					t.Fatal(err)
				}
			}
			for i, c := range conns {
				text := "from " + string(rune('0'+i))
				if _, err := io.WriteString(c, text); err != nil {
					t.Fatal(err)
				}
				got := make([]byte, len(text))
				if _, err := io.ReadFull(conns[i^1], got); err != nil || string(got) != text {
					t.Errorf("%d received %q, %v", i^1, got, err)
				}
			}
		})
	}
}

func TestHelloRefuses(t *testing.T) {
	a, b := net.Pipe()
	go func() { _, _ = io.WriteString(a, "<stream:stream to='montague.example' version='1.0'>") }()
	if name, err := hello(b); err == nil {
		t.Errorf("read %q", name)
	}
	_ = a.Close()
}
