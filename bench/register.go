package bench

import (
	"context"
	"fmt"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stream"
)

// registerAll makes the accounts that are not there yet (XEP-0077#usecases-register).
func (l *load) registerAll(ctx context.Context) error {
	return l.each(ctx, len(l.users), func(ctx context.Context, i int) error { return l.register(ctx, l.users[i]) })
}

func (l *load) register(ctx context.Context, u *user) error {
	n, err := l.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = n.nc.Close() }()
	return l.initiate(ctx, n, &stream.Feature{Not: stream.Authed, Use: func(_ context.Context, s *stream.Stream, _ elem.Elem) (stream.State, error) {
		w := elem.NewWriter(nil, nsClient)
		w.Start(nsClient, "iq")
		w.Attr("type", "set")
		w.Attr("id", "register")
		w.Start("jabber:iq:register", "query")
		w.Elem("jabber:iq:register", "username", u.User)
		w.Elem("jabber:iq:register", "password", u.Password)
		w.End()
		w.End()
		if _, err := s.Conn.Write(w.Bytes()); err != nil {
			return 0, err
		}
		e, err := s.Next()
		if err != nil {
			return 0, err
		}
		if e.Attr("type") != "result" && !e.Child(nsClient, "error").Child("urn:ietf:params:xml:ns:xmpp-stanzas", "conflict").Ok() {
			return 0, fmt.Errorf("%w: registration: %s", ErrUnsupported, e.Raw())
		}
		_, err = s.Conn.Write([]byte("</stream:stream>"))
		return stream.Ready, err
	}})
}
