package muc

import (
	"errors"
	"strings"
	"testing"

	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// The tables below are written from XEP-0045 §5, §8 and §9, row by row, not from the code.

// outcome reads a letter: y for yes, f for forbidden, n for not-allowed.
func outcome(c byte) error {
	switch c {
	case 'y':
		return nil
	case 'f':
		return stanza.Forbidden
	}
	return stanza.NotAllowed
}

func TestAffiliationRule(t *testing.T) {
	order := []wire.Affiliation{wire.Outcast, wire.NoAffiliation, wire.Member, wire.Admin, wire.Owner}
	// Rows: the affiliation before. Columns: the one that is wanted, in the same order.
	tables := map[wire.Affiliation]string{
		wire.Outcast:       "fffff fffff fffff fffff fffff",
		wire.NoAffiliation: "fffff fffff fffff fffff fffff",
		wire.Member:        "fffff fffff fffff fffff fffff",
		wire.Admin:         "yyyff yyyff yyyff nnnff nnnff",
		wire.Owner:         "yyyyy yyyyy yyyyy yyyyy yyyyy",
	}
	for actor, table := range tables {
		for i, row := range strings.Fields(table) {
			for j := range row {
				err := affiliationRule(actor, order[i], order[j])
				if !same(err, outcome(row[j])) {
					t.Errorf("%v changes %v to %v: %v, want %v", actor, order[i], order[j], err, outcome(row[j]))
				}
			}
		}
	}
}

func same(err, want error) bool {
	if want == nil {
		return err == nil
	}
	return errors.Is(err, want)
}

// TestRoleChange goes through every actor, target and role. One string stands for an actor: a word for each affiliation of
// the target (none, member, admin, owner), in it a group of three letters for each role of the target (visitor,
// participant, moderator), which are the outcomes of changing it to none, visitor, participant and moderator.
func TestRoleChange(t *testing.T) {
	affs := []wire.Affiliation{wire.NoAffiliation, wire.Member, wire.Admin, wire.Owner}
	held := []wire.Role{wire.Visitor, wire.Participant, wire.Moderator}
	wanted := []wire.Role{wire.NoRole, wire.Visitor, wire.Participant, wire.Moderator}
	never := strings.Repeat("ffff-ffff-ffff ", 4)
	tables := []struct {
		name  string
		actor standing
		want  string
	}{
		{"visitor", standing{wire.NoAffiliation, wire.Visitor}, never},
		{"participant", standing{wire.Member, wire.Participant}, never},
		{"outside", standing{wire.Member, wire.NoRole}, never},
		// A moderator without affiliation kicks, gives voice and takes it from those without affiliation.
		{"moderator", standing{wire.NoAffiliation, wire.Moderator},
			"yyyf-yyyf-fffy nynn-nnyn-nnny nynn-nnyn-nnny nynn-nnyn-nnny"},
		{"member who is moderator", standing{wire.Member, wire.Moderator},
			"yyyf-yyyf-fffy yyyf-ynyf-fffy nynn-nnyn-nnny nynn-nnyn-nnny"},
		// An admin makes and unmakes moderators, but not of admins and owners.
		{"admin", standing{wire.Admin, wire.Moderator},
			"yyyy-yyyy-yyyy yyyy-yyyy-yyyy yyyy-ynyy-ynny nynn-nnyn-nnny"},
		{"admin from outside", standing{wire.Admin, wire.NoRole},
			"yyyy-yyyy-yyyy yyyy-yyyy-yyyy yyyy-ynyy-ynny nynn-nnyn-nnny"},
		{"owner", standing{wire.Owner, wire.Moderator},
			"yyyy-yyyy-yyyy yyyy-yyyy-yyyy yyyy-ynyy-ynny yyyy-ynyy-ynny"},
	}
	for _, tt := range tables {
		t.Run(tt.name, func(t *testing.T) {
			for i, word := range strings.Fields(tt.want) {
				for j, group := range strings.Split(word, "-") {
					for k := range group {
						target, to := standing{affs[i], held[j]}, wanted[k]
						want := outcome(group[k])
						if tt.actor.role < wire.Moderator && tt.actor.affiliation < wire.Admin {
							want = stanza.Forbidden
						}
						if err := roleChange(tt.actor, target, to); !same(err, want) {
							t.Errorf("%v %v to %v: %v, want %v", target.affiliation, target.role, to, err, want)
						}
					}
				}
			}
		})
	}
}

func TestInitialRole(t *testing.T) {
	for _, tt := range []struct {
		a                      wire.Affiliation
		moderated, openToSpeak wire.Role
	}{
		{wire.Outcast, wire.NoRole, wire.NoRole},
		{wire.NoAffiliation, wire.Visitor, wire.Participant},
		{wire.Member, wire.Participant, wire.Participant},
		{wire.Admin, wire.Moderator, wire.Moderator},
		{wire.Owner, wire.Moderator, wire.Moderator},
	} {
		if got := initialRole(tt.a, true); got != tt.moderated {
			t.Errorf("%v in a moderated room: %v", tt.a, got)
		}
		if got := initialRole(tt.a, false); got != tt.openToSpeak {
			t.Errorf("%v in an unmoderated room: %v", tt.a, got)
		}
	}
}
