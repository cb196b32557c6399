package transport

import (
	"net"

	"github.com/stonechat-im/stonechat/xmlscan"
)

// Pipe returns both ends of an in-memory stream, for tests and for components that live in the same process.
func Pipe(lim xmlscan.Limits) (Conn, Conn) {
	a, b := net.Pipe()
	return New(a, lim), New(b, lim)
}
