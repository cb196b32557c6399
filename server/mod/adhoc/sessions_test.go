package adhoc

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
)

var juliet = jid.MustParse("juliet@capulet.example/balcony")

func TestSessionsPerAccount(t *testing.T) {
	ss := newSessions(Config{Expire: kit.Duration(1e12), MaxSessions: 10, MaxPerUser: 2})
	var ids []string
	for range 3 {
		id, err := ss.begin(juliet, "n")
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := ss.check(ids[0], juliet, "n"); !errors.Is(err, stanza.NotAllowed) {
		t.Errorf("the oldest is still open: %v", err)
	}
	for _, id := range ids[1:] {
		if err := ss.check(id, juliet, "n"); err != nil {
			t.Error(err)
		}
	}
}

func TestSessionsInAll(t *testing.T) {
	ss := newSessions(Config{Expire: kit.Duration(1e12), MaxSessions: 3, MaxPerUser: 2})
	for i := range 3 {
		if _, err := ss.begin(jid.MustParse(fmt.Sprintf("guest%d@capulet.example/ball", i)), "n"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ss.begin(juliet, "n"); !errors.Is(err, stanza.ResourceConstraint) {
		t.Errorf("error %v", err)
	}
}

func TestSessionsMakeRoomOverTime(t *testing.T) {
	ss := newSessions(Config{Expire: -1, MaxSessions: 1, MaxPerUser: 1}) // over as soon as begun
	for range 3 {
		if _, err := ss.begin(juliet, "n"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTaken is a command that runs: the same submission again finds no session until it has failed.
func TestTaken(t *testing.T) {
	ss := newSessions(Config{Expire: kit.Duration(1e12), MaxSessions: 10, MaxPerUser: 2})
	id, err := ss.begin(juliet, "n")
	if err != nil {
		t.Fatal(err)
	}
	s, err := ss.take(id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ss.take(id); !errors.Is(err, stanza.NotAllowed) {
		t.Errorf("taken twice: %v", err)
	}
	ss.giveBack(id, s)
	if _, err := ss.take(id); err != nil {
		t.Error(err)
	}
}
