package offline

import (
	"context"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/store"
)

// box is what waits for one account. It is loaded when something is stored for the account or its sessions ask, and let go
// when it is empty.
type box struct {
	items  map[string]*item
	bytes  int
	writes int // not yet committed: until then the store shows something else
}

// item is one message in the store.
type item struct {
	size   int
	busy   bool    // it is being delivered
	flight *flight // that delivers it
	waits  *drain  // delivered, and not confirmed for so long that it counts as stored again
}

func (b *box) add(id string, size int) {
	b.items[id] = &item{size: size}
	b.bytes += size
}

func (b *box) drop(id string) {
	if it := b.items[id]; it != nil {
		b.bytes -= it.size
		delete(b.items, id)
	}
}

// idle says whether there is something that nobody is delivering.
func (b *box) idle() bool {
	for _, it := range b.items {
		if !it.busy {
			return true
		}
	}
	return false
}

// with calls f with the account's box, under the lock. The box is read from the store first if need be.
func (m *module) with(ctx context.Context, account jid.Bare, f func(b *box) error) error {
	m.mu.Lock()
	b := m.boxes[account]
	if b == nil {
		m.mu.Unlock()
		page, err := m.log.Query(ctx, account.String(), store.Query{Limit: store.All})
		if err != nil {
			return err
		}
		m.mu.Lock()
		if b = m.boxes[account]; b == nil {
			b = &box{items: make(map[string]*item, len(page.Items))}
			for i := range page.Items {
				b.add(page.Items[i].ID, len(page.Items[i].Value))
			}
			m.boxes[account.Clone()] = b
		}
	}
	err := f(b)
	m.tidy(account, b)
	m.mu.Unlock()
	return err
}

// tidy lets go of an empty box that is as the store has it. The lock is held.
func (m *module) tidy(account jid.Bare, b *box) {
	if len(b.items) == 0 && b.writes == 0 && m.boxes[account] == b {
		delete(m.boxes, account)
	}
}

// forget removes a message, from the box now and from the store soon. The lock is held.
func (m *module) forget(account jid.Bare, id string) {
	b := m.boxes[account]
	if b != nil {
		if it := b.items[id]; it != nil && it.waits != nil {
			m.landed(it.waits, it.size)
		}
		b.drop(id)
		b.writes++
	}
	m.later(func(context.Context) {
		m.env.Store.Go(func(tx store.Tx) error {
			_, err := m.log.In(tx).Remove(account.String(), id)
			return err
		}).OnDone(func(error) { // if it failed, the message comes once more
			if b == nil {
				return
			}
			m.mu.Lock()
			defer m.mu.Unlock()
			b.writes--
			m.tidy(account, b)
		})
	})
}
