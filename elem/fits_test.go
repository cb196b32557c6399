package elem_test

import (
	"testing"

	"github.com/stonechat-im/stonechat/elem"
)

func TestFits(t *testing.T) {
	for _, tc := range []struct {
		name, xml string
		fits      bool
	}{
		{"inherits the default namespace", `<body>hi</body>`, true},
		{"declares its own", `<x xmlns='urn:x'><y/></x>`, true},
		{"uses a prefix from outside", `<p:x/>`, false},
		{"uses a prefix from outside in an attribute", `<x p:a='1'/>`, false},
		{"declares its prefix", `<q:x xmlns:q='urn:q'/>`, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tree, err := elem.Parse([]byte(`<m xmlns='jabber:client' xmlns:p='urn:p'>`+tc.xml+`</m>`), "")
			if err != nil {
				t.Fatal(err)
			}
			c := tree.Root().First()
			if got := c.Fits("jabber:client"); got != tc.fits {
				t.Errorf("Fits is %v, want %v", got, tc.fits)
			}
			if same := string(c.AppendTo(nil, "jabber:client")) == string(c.Raw()); same != tc.fits {
				t.Errorf("written as received: %v, want %v", same, tc.fits)
			}
			if c.Fits("urn:other") && tc.xml[1] == 'b' {
				t.Error("an inherited namespace fits another one")
			}
		})
	}
}
