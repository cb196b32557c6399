package roster

import (
	"sync"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	wire "github.com/stonechat-im/stonechat/xep/roster"
)

// answersMost bounds the memory of answers, in bytes.
const answersMost = 8 << 20

// answers remembers whole rosters as they were sent, so that clients which come back all the time do not have them read
// and written anew. Each is good for one revision of its book.
type answers struct {
	mu   sync.Mutex
	size int
	all  map[jid.Bare]answer
}

// answer is a result as it was written, and the head of the roster that it was made of.
type answer struct {
	head head
	xml  []byte
}

// Name is the payload's of a roster result.
func (*answer) Name() elem.Name { return (*wire.Query)(nil).Name() }

// Encode writes the payload.
func (a *answer) Encode(w *elem.Writer) { w.Raw(a.xml) }

// find returns the answer for a book, when the roster has not changed since.
func (as *answers) find(owner jid.Bare, b *book) (*answer, bool) {
	as.mu.Lock()
	a, ok := as.all[owner]
	as.mu.Unlock()
	if !ok || !b.isReady() || b.revision() != a.head.Rev {
		return nil, false
	}
	return &a, true
}

// keep remembers an answer. When there is no room everything is forgotten: what is asked for often will soon be back.
func (as *answers) keep(owner jid.Bare, h head, q *wire.Query) *answer {
	w := elem.NewWriter(nil, "")
	q.Encode(w)
	a := answer{h, w.Bytes()}
	as.mu.Lock()
	defer as.mu.Unlock()
	if as.all == nil || as.size+len(a.xml) > answersMost {
		as.all, as.size = make(map[jid.Bare]answer), 0
	}
	as.size += len(a.xml) - len(as.all[owner].xml)
	as.all[owner.Clone()] = a
	return &a
}

// drop forgets the answer of an account whose roster begins anew.
func (as *answers) drop(owner jid.Bare) {
	as.mu.Lock()
	defer as.mu.Unlock()
	as.size -= len(as.all[owner].xml)
	delete(as.all, owner)
}
