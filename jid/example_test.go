package jid_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/stonechat-im/stonechat/jid"
)

func ExampleParse() {
	j, err := jid.Parse("Romeo@Montague.example/Orchard")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(j.Local())
	fmt.Println(j.Domain())
	fmt.Println(j.Resource())
	fmt.Println(j)
	// Output:
	// romeo
	// montague.example
	// Orchard
	// romeo@montague.example/Orchard
}

func ExampleParse_error() {
	_, err := jid.Parse("ro meo@montague.example")
	var e jid.Error
	if errors.As(err, &e) {
		fmt.Println(e.Part, "-", e.Reason)
	}
	fmt.Println(errors.Is(err, jid.Error{Part: jid.PartLocal, Reason: jid.Disallowed}))
	// Output:
	// localpart - has something disallowed
	// true
}

func ExampleBare() {
	juliet := jid.MustBare("juliet@capulet.example")
	balcony, err := juliet.WithResource("balcony")
	if err != nil {
		fmt.Println(err)
		return
	}
	unread := map[jid.Bare]int{juliet: 3}
	fmt.Println(balcony, balcony.Bare() == juliet, unread[balcony.Bare()])
	fmt.Println(juliet.DomainBare(), juliet.DomainBare().IsDomain())
	// Output:
	// juliet@capulet.example/balcony true 3
	// capulet.example true
}

func ExampleBare_Compare() {
	roster := []jid.Bare{jid.MustBare("tybalt@capulet.example"), jid.MustBare("juliet@capulet.example")}
	slices.SortFunc(roster, jid.Bare.Compare)
	text, _ := json.Marshal(roster)
	fmt.Println(string(text))
	// Output: ["juliet@capulet.example","tybalt@capulet.example"]
}

func ExampleNick() {
	nick, err := jid.Nick("  Friar\u3000Laurence ")
	fmt.Printf("%q %v\n", nick, err)
	_, err = jid.Nick("   ")
	fmt.Println(err)
	// Output:
	// "Friar Laurence" <nil>
	// jid: resourcepart is empty
}

func ExampleEscapeLocal() {
	local := jid.EscapeLocal("romeo@montague.example")
	b, err := jid.NewBare(local, "mail.capulet.example")
	fmt.Println(b, err)
	fmt.Println(jid.UnescapeLocal(b.Local()))
	// Output:
	// romeo\40montague.example@mail.capulet.example <nil>
	// romeo@montague.example
}

func ExampleParseURI() {
	u, err := jid.ParseURI("xmpp:balcony@rooms.capulet.example?join;password=a%20rose")
	if err != nil {
		fmt.Println(err)
		return
	}
	password, _ := u.Param("password")
	fmt.Println(u.Target, u.Action, password)
	fmt.Println(u)
	// Output:
	// balcony@rooms.capulet.example join a rose
	// xmpp:balcony@rooms.capulet.example?join;password=a%20rose
}

func ExampleConfusable() {
	fmt.Println(jid.Confusable("ju1iet", "juliet"))
	fmt.Println(jid.Confusable("romeo", "juliet"))
	fmt.Println(jid.MixedScript("r\u043emeo")) // the o is Cyrillic
	// Output:
	// true
	// false
	// true
}
