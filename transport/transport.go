// Package transport carries XML streams: a Conn reads one stream's top-level elements and writes bytes, whatever is below
// it. Today that is TCP, TLS (direct or upgraded) and in-memory pipes, which share one implementation over net.Conn.
//
// An idle Conn is small: while nothing arrives it holds no read buffer, only one byte to be woken by. Buffers come from a
// pool when the first byte is there and go back when everything read has been consumed.
//
// A Conn belongs to one reader goroutine. Write may be called from another one, one call at a time. Close may be
// called from anywhere.
package transport

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xmlscan"
)

// Conn is one XML stream (RFC 6120 §4) over some connection.
type Conn interface {
	// Next waits for the next event: elem.Open for a stream header, elem.Element, elem.Close for the end of the stream. The
	// error is io.EOF when the peer closed the connection without ending the stream, an *xmlscan.Error for bad XML, or
	// what the network says. After a timeout Next may be called again.
	Next() (elem.Event, error)
	// Take moves the header or element that Next found into t.
	Take(t *elem.Tree)
	// Write sends bytes as they are.
	Write(b []byte) (int, error)
	// Restart forgets the state of the incoming stream: a new header is expected (RFC 6120 §4.3.3).
	Restart()
	// SetLimits bounds what Next accepts from now on.
	SetLimits(lim xmlscan.Limits)
	// SetReadDeadline bounds Next, SetWriteDeadline Write. The zero time is no bound.
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
	// StartTLS upgrades the connection, as server or as client. It fails when the peer sent bytes ahead of the handshake that
	// were already read: they would be taken for protected ones.
	StartTLS(ctx context.Context, cfg *tls.Config, client bool) error
	// TLS describes the protection; nil for none.
	TLS() *tls.ConnectionState
	RemoteAddr() net.Addr
	// Idle says how many bytes of a half received element are held, and when something last arrived.
	Idle() (pending int, last time.Time)
	// Drain throws away what the peer still sends until it closes the connection or the read deadline passes, whatever state
	// the stream is in.
	Drain()
	// Close ends the connection at once. The stream's end should have been written before.
	Close() error
}
