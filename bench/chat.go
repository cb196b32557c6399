package bench

import "context"

// buildChat logs in two users for each pair, the sender before the receiver.
func buildChat(ctx context.Context, l *load) error {
	conns, err := l.open(ctx, 2*l.cfg.Pairs, true)
	if err != nil {
		return err
	}
	l.chatLanes(conns)
	return nil
}

// chatLanes makes a lane from each session of an even place to the one behind it.
func (l *load) chatLanes(conns []*conn) {
	g := l.addGroup("chat")
	for i := 0; i+1 < len(conns); i += 2 {
		to := conns[i+1].jid
		if l.cfg.Floor {
			to = "juliet@montague.example/" + l.name
		}
		ln := l.addLane(g, conns[i], message(to, "chat", l.cfg.Size))
		ln.expect(conns[i+1])
	}
}
