package jid_test

import (
	"testing"

	"github.com/stonechat-im/stonechat/jid"
)

// RFC 8265 §3.3.1 rule 5: the Bidi Rule is for strings with right-to-left characters alone.
func TestDirection(t *testing.T) {
	for _, tc := range []struct {
		name, local string
		ok          bool
	}{
		{"left to right, beginning with a digit", "0é", true},
		{"left to right", "1ß", true},
		{"Hebrew", "רומיאו", true},
		{"Hebrew that ends in a Latin letter", "רומאoa", false},
		{"a digit before Hebrew", "1רומאו", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := jid.NewBare(tc.local, "montague.example"); (err == nil) != tc.ok {
				t.Errorf("error %v", err)
			}
		})
	}
}
