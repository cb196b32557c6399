package pubsub

import (
	"context"
	"slices"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
)

// relation is how somebody stands to the owners of a node in their rosters.
type relation struct {
	shares bool     // sees the presence of one of them
	groups []string // that he is in
}

// ownersOf returns those whose rosters count.
func (e *Engine) ownersOf(host jid.Bare, n *node) []jid.Bare {
	if host.Local() != "" {
		return []jid.Bare{host}
	}
	var out []jid.Bare
	for _, o := range n.Owners {
		if j, err := jid.ParseBare(o); err == nil && e.env.Serves(j.Domain()) {
			out = append(out, j)
		}
	}
	return out
}

// relate looks into the rosters of owners, where the access model asks for it.
func (e *Engine) relate(ctx context.Context, access Access, owners []jid.Bare, who jid.Bare) (r relation, err error) {
	if e.roster == nil || access != Presence && access != Roster {
		return r, nil
	}
	for _, o := range owners {
		shares, err := e.roster.SharesPresence(ctx, o, who)
		if err != nil {
			return r, err
		}
		if !shares {
			continue
		}
		r.shares = true
		if access == Roster {
			it, _, err := e.roster.Item(ctx, o, who)
			if err != nil {
				return r, err
			}
			r.groups = append(r.groups, it.Groups...)
		}
	}
	return r, nil
}

// admit judges whether somebody may subscribe to a node, or is an authorised subscriber and may retrieve items
// (XEP-0060#accessmodels, XEP-0060#affiliations). With Authorize it says that approval is needed: errApproval.
func admit(s *Settings, a wire.Affiliation, r *relation) error {
	switch a {
	case wire.OwnerOf, wire.Publisher, wire.Member:
		return nil
	case wire.Outcast, wire.PublishOnly:
		return stanza.Forbidden.With("you may not follow this node")
	}
	switch s.Access {
	case Open:
		return nil
	case Presence:
		if r.shares {
			return nil
		}
		return wire.Error(stanza.NotAuthorized, "presence-subscription-required", "the node is for those who see its owner's presence")
	case Roster:
		if r.shares && slices.ContainsFunc(r.groups, func(g string) bool { return slices.Contains(s.Groups, g) }) {
			return nil
		}
		return wire.Error(stanza.NotAuthorized, "not-in-roster-group", "the node is for certain contacts of its owner")
	case Authorize:
		return errApproval
	}
	return wire.Error(stanza.NotAllowed, "closed-node", "the node is for those on its list")
}

var errApproval = wire.Error(stanza.NotAuthorized, "not-subscribed", "the node is for subscribers, whom its owner approves")
