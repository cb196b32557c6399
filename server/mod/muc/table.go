package muc

import (
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// initialRole is the table of XEP-0045#roles-default.
func initialRole(a wire.Affiliation, moderated bool) wire.Role {
	switch {
	case a >= wire.Admin:
		return wire.Moderator
	case a == wire.Member, a == wire.NoAffiliation && !moderated:
		return wire.Participant
	case a == wire.NoAffiliation:
		return wire.Visitor
	}
	return wire.NoRole
}

// standing is what decides who may do what to whom.
type standing struct {
	affiliation wire.Affiliation
	role        wire.Role
}

// roleChange says why actor may not give target another role: XEP-0045#roles-change, §8.2–§8.5, §9.6–§9.8.
func roleChange(actor, target standing, to wire.Role) error {
	admin := actor.affiliation >= wire.Admin
	switch {
	case !admin && actor.role < wire.Moderator:
		return stanza.Forbidden.With("only moderators may do that")
	case to == target.role:
		return nil
	case target.affiliation > actor.affiliation: // #kick: "cannot be kicked by a moderator with a lower affiliation"
		return stanza.NotAllowed.With("the occupant's affiliation is above yours")
	case to == wire.Moderator && !admin, target.role == wire.Moderator && !admin: // #affil-priv: assign and remove
		return stanza.Forbidden.With("only admins may make and unmake moderators")
	case to == wire.NoRole, to > target.role:
		return nil
	case target.affiliation >= wire.Admin: // #revokevoice, #revokemod
		return stanza.NotAllowed.With("an admin or owner keeps voice and moderator status")
	case target.affiliation == actor.affiliation && actor.affiliation > wire.NoAffiliation: // #revokevoice: at or above
		return stanza.NotAllowed.With("the occupant's affiliation is not below yours")
	}
	return nil
}

// affiliationRule says why an affiliation may not change from one to another at the hands of actor: the table of
// XEP-0045#affil-change. Whether somebody locks himself out is asked elsewhere.
func affiliationRule(actor, from, to wire.Affiliation) error {
	switch {
	case actor == wire.Owner:
		return nil
	case actor < wire.Admin, to >= wire.Admin:
		return stanza.Forbidden.With("your affiliation does not let you do that")
	case from >= wire.Admin:
		return stanza.NotAllowed.With("only owners may change the affiliation of admins and owners")
	}
	return nil
}

// roleAfter is the role that an occupant has once his affiliation has changed: what is gained is his by right
// (XEP-0045#roles-change), what is lost falls back to the default.
func roleAfter(role wire.Role, from, to wire.Affiliation, moderated bool) wire.Role {
	least := initialRole(to, moderated)
	switch {
	case to == wire.Outcast:
		return wire.NoRole
	case from >= wire.Admin && to < wire.Admin:
		return least
	case role < least:
		return least
	}
	return role
}
