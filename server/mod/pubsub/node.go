package pubsub

import (
	"bytes"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
)

// node is what the store has of a node.
type node struct {
	Created  time.Time `json:"created"`
	Creator  string    `json:"creator"`
	Owners   []string  `json:"owners"` // by affiliation, sorted
	People   int       `json:"people"` // how many have an affiliation or a subscription
	Settings Settings  `json:"settings"`
}

// person is what the store has of somebody at a node. The key is his bare address.
type person struct {
	Affiliation wire.Affiliation `json:"affil,omitempty"`
	Subs        []subscription   `json:"subs,omitempty"`
}

// subscription is one of a person's, by the address that he gave.
type subscription struct {
	JID     string     `json:"jid"`
	State   wire.State `json:"state"`
	Silent  bool       `json:"silent,omitempty"` // pubsub#deliver is off
	Expires time.Time  `json:"expires,omitzero"` // pubsub#expire
	Ask     string     `json:"ask,omitempty"`    // id of the message that asks the owners for approval
}

func (s *subscription) live(now time.Time) bool { return s.Expires.IsZero() || now.Before(s.Expires) }

func (p *person) sub(address string) *subscription {
	for i := range p.Subs {
		if p.Subs[i].JID == address {
			return &p.Subs[i]
		}
	}
	return nil
}

// follows says whether one of the subscriptions is in force.
func (p *person) follows(now time.Time) bool {
	return slices.ContainsFunc(p.Subs, func(s subscription) bool { return s.State == wire.StateSubscribed && s.live(now) })
}

func (p *person) empty() bool { return p.Affiliation == "" && len(p.Subs) == 0 }

// sep stands between the parts of a key. XML has no such character.
const sep = "\x1f"

// Tx is an open transaction at a host.
type Tx struct {
	e       *Engine
	tx      store.Tx
	host    jid.Bare
	owner   string // host, as the store knows it
	now     time.Time
	notices []*Notice // what is to be told when it is committed
}

func (v *Tx) node(id string) (*node, error) {
	n, ok, err := v.e.nodes.In(v.tx).Get(v.owner, id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, stanza.ItemNotFound.With("there is no such node")
	}
	return &n, nil
}

func (v *Tx) putNode(id string, n *node) error { return v.e.nodes.In(v.tx).Put(v.owner, id, *n) }

func (v *Tx) person(id string, who jid.Bare) (person, error) {
	p, _, err := v.e.people.In(v.tx).Get(v.owner, id+sep+who.String())
	return p, err
}

// putPerson stores what is known of somebody, keeps the node's numbers and the index right, and refuses too many.
func (v *Tx) putPerson(id string, n *node, who jid.Bare, p person) error {
	people, index := v.e.people.In(v.tx), v.e.index.In(v.tx)
	key, back := id+sep+who.String(), who.String()+sep+id
	was, there, err := people.Get(v.owner, key)
	if err != nil {
		return err
	}
	before := *n
	if p.empty() {
		if !there {
			return nil
		}
		n.People--
		if _, err = people.Delete(v.owner, key); err == nil {
			_, err = index.Delete(v.owner, back)
		}
	} else {
		if !there {
			if n.People++; n.People > v.e.limits.People {
				return stanza.ResourceConstraint.With("the node knows too many people already")
			}
		}
		if err = people.Put(v.owner, key, p); err == nil && (!there || was.Affiliation != p.Affiliation) {
			err = index.Put(v.owner, back, string(p.Affiliation))
		}
	}
	if err != nil {
		return err
	}
	n.Owners = owners(n.Owners, who.String(), p.Affiliation == wire.OwnerOf)
	if n.People == before.People && slices.Equal(n.Owners, before.Owners) {
		return nil
	}
	return v.putNode(id, n)
}

// owners is a sorted list with or without somebody.
func owners(list []string, who string, in bool) []string {
	i, there := slices.BinarySearch(list, who)
	switch {
	case in == there:
		return list
	case in:
		return slices.Insert(slices.Clone(list), i, who)
	}
	return slices.Delete(slices.Clone(list), i, i+1)
}

// everybody returns the people of a node, by bare address.
func (v *Tx) everybody(id string) ([]store.Pair[person], error) {
	all, err := v.e.people.In(v.tx).Prefix(v.owner, id+sep)
	for i := range all {
		all[i].Key = all[i].Key[len(id)+len(sep):]
	}
	return all, err
}

// standing returns where somebody is known at the host: node → affiliation.
func (v *Tx) standing(who jid.Bare) ([]store.Pair[string], error) {
	prefix := who.String() + sep
	all, err := v.e.index.In(v.tx).Prefix(v.owner, prefix)
	for i := range all {
		all[i].Key = all[i].Key[len(prefix):]
	}
	return all, err
}

// create makes a node that is not there.
func (v *Tx) create(id string, by jid.Bare, s Settings) (*node, error) {
	if len(id) > maxText {
		return nil, stanza.NotAcceptable.With("the name of the node is too long")
	}
	if err := v.room(by); err != nil {
		return nil, err
	}
	n := &node{Created: v.now, Creator: by.String(), Settings: s}
	if by == v.host { // an account owns its nodes without being listed
		return n, v.putNode(id, n)
	}
	if err := v.putPerson(id, n, by, person{Affiliation: wire.OwnerOf}); err != nil {
		return nil, err
	}
	return n, nil
}

// room refuses a node too many.
func (v *Tx) room(by jid.Bare) error {
	count := 0
	if v.e.rules.Owns(v.host, by) && by != v.host {
		return nil // an operator
	}
	if by == v.host {
		n, err := v.e.nodes.In(v.tx).Count(v.owner)
		if err != nil {
			return err
		}
		count = n
	} else {
		all, err := v.standing(by)
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.Value == string(wire.OwnerOf) {
				count++
			}
		}
	}
	if count >= v.e.limits.Nodes {
		return wire.Error(stanza.NotAllowed, "max-nodes-exceeded", "there are too many nodes already")
	}
	return nil
}

// drop removes a node and all that belongs to it.
func (v *Tx) drop(id string) error {
	all, err := v.everybody(id)
	if err != nil {
		return err
	}
	for _, p := range all {
		if _, err := v.e.people.In(v.tx).Delete(v.owner, id+sep+p.Key); err != nil {
			return err
		}
		if _, err := v.e.index.In(v.tx).Delete(v.owner, p.Key+sep+id); err != nil {
			return err
		}
	}
	if _, err := v.purge(id); err != nil {
		return err
	}
	_, err = v.e.nodes.In(v.tx).Delete(v.owner, id)
	return err
}

// item is a published item as the store has it.
type item struct {
	ID        string
	At        time.Time
	Publisher string // full address
	Payload   []byte
}

func itemKey(node, id string) string { return node + sep + id }

func itemOf(it store.Item) item {
	_, id, _ := strings.Cut(it.ID, sep)
	publisher, payload, _ := bytes.Cut(it.Value, []byte{0})
	return item{id, it.At, string(publisher), payload}
}

func (i *item) stored(node string) store.Item {
	v := make([]byte, 0, len(i.Publisher)+1+len(i.Payload))
	v = append(append(v, i.Publisher...), 0)
	return store.Item{ID: itemKey(node, i.ID), At: i.At, Peer: node, Value: append(v, i.Payload...)}
}

// put stores an item as the newest; what had its id before goes (XEP-0060#data-model).
func (v *Tx) put(node string, it *item) (replaced bool, err error) {
	log := v.e.items.In(v.tx)
	if replaced, err = log.Remove(v.owner, itemKey(node, it.ID)); err != nil {
		return false, err
	}
	_, err = log.Append(v.owner, it.stored(node))
	return replaced, err
}

func (v *Tx) get(node, id string) (item, bool, error) {
	it, ok, err := v.e.items.In(v.tx).Item(v.owner, itemKey(node, id))
	if err != nil || !ok {
		return item{}, false, err
	}
	return itemOf(it), true, nil
}

func (v *Tx) remove(node, id string) (bool, error) {
	return v.e.items.In(v.tx).Remove(v.owner, itemKey(node, id))
}

// query asks for items of a node. Those that have expired are not there.
func (v *Tx) query(id string, s *Settings, q store.Query) (store.Page, error) {
	q.Peer = id
	if s.Expire > 0 {
		q.Start = v.now.Add(-time.Duration(s.Expire) * time.Second)
	}
	return v.e.items.In(v.tx).Query(v.owner, q)
}

// last is the item that was published last; nil where there is none.
func (v *Tx) last(id string, s *Settings) (*item, error) {
	page, err := v.query(id, s, store.Query{Limit: 1, Backward: true})
	if err != nil || len(page.Items) == 0 {
		return nil, err
	}
	it := itemOf(page.Items[0])
	return &it, nil
}

// trim drops those items that have expired, and the oldest beyond keep.
func (v *Tx) trim(id string, s *Settings, keep int) error {
	log := v.e.items.In(v.tx)
	if s.Expire > 0 {
		old, err := log.Query(v.owner, store.Query{Peer: id, End: v.now.Add(-time.Duration(s.Expire)*time.Second - time.Microsecond), Limit: store.All})
		if err != nil {
			return err
		}
		for _, it := range old.Items {
			if _, err := log.Remove(v.owner, it.ID); err != nil {
				return err
			}
		}
	}
	count, err := log.Query(v.owner, store.Query{Peer: id, WantCount: true})
	if err != nil || count.Count <= keep {
		return err
	}
	page, err := log.Query(v.owner, store.Query{Peer: id, Limit: count.Count - keep})
	if err != nil {
		return err
	}
	for _, it := range page.Items {
		if _, err := log.Remove(v.owner, it.ID); err != nil {
			return err
		}
	}
	return nil
}

// purge drops all items of a node.
func (v *Tx) purge(id string) (n int, err error) {
	log := v.e.items.In(v.tx)
	page, err := log.Query(v.owner, store.Query{Peer: id, Limit: store.All})
	if err != nil {
		return 0, err
	}
	for _, it := range page.Items {
		if _, err := log.Remove(v.owner, it.ID); err != nil {
			return 0, err
		}
	}
	return len(page.Items), nil
}

// newID makes an id for an item, a node or a message.
func newID() string { return rand.Text() }
