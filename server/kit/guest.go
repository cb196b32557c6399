package kit

import (
	"context"
	"net"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
)

// Guest is a stream whose client has not logged in.
type Guest struct {
	Domain string
	Addr   net.Addr
	Secure bool // TLS is on
}

// AddressKey is what the doings of an address are counted under: the address of IPv4, the /64 of IPv6, since a host has
// all of that.
func AddressKey(addr net.Addr) string {
	t, ok := addr.(*net.TCPAddr)
	if !ok {
		return "local"
	}
	if v4 := t.IP.To4(); v4 != nil {
		return v4.String()
	}
	return t.IP.Mask(net.CIDRMask(64, 128)).String()
}

// GuestFeature is something that clients may do before they log in, such as registering (XEP-0077). Its exchange is IQs
// whose payload has the name Takes.
type GuestFeature struct {
	Owner     string
	Takes     elem.Name
	Advertise func(g *Guest, w *elem.Writer)
	Answer    func(ctx context.Context, g *Guest, typ stanza.Type, payload elem.Elem) (stanza.Payload, error)
}

// ServeGuests offers a feature before authentication, on protected streams.
func ServeGuests(env *Env, f GuestFeature) {
	f.Owner = env.Name
	for _, other := range env.guests {
		if other.Takes == f.Takes {
			env.Problem("answers guests' {%s}%s, and so does module %s", f.Takes.Space, f.Takes.Local, other.Owner)
			return
		}
	}
	env.guests = append(env.guests, f)
}

// GuestFeatures lists what is offered before authentication.
func (r *Realm) GuestFeatures() []GuestFeature { return r.guests }
