package elem_test

import (
	"fmt"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xmlscan"
)

func ExampleParse() {
	tree, err := elem.Parse([]byte(`<message to='juliet@capulet.example'><body>Wherefore &amp; why</body></message>`), "jabber:client")
	if err != nil {
		fmt.Println(err)
		return
	}
	m := tree.Root()
	fmt.Println(m.Attr("to"), m.ChildText("jabber:client", "body"))
	// Absent elements answer too.
	fmt.Printf("%q\n", m.Child("urn:xmpp:delay", "delay").Attr("stamp"))
	// Output:
	// juliet@capulet.example Wherefore & why
	// ""
}

func ExampleElem_AppendTo() {
	tree, _ := elem.Parse([]byte(`<message><body>hi</body><x xmlns='jabber:x:oob'/></message>`), "jabber:client")
	for c := range tree.Root().Children() {
		fmt.Println(string(c.AppendTo(nil, "jabber:client")), string(c.AppendTo(nil, "")))
	}
	// Output:
	// <body>hi</body> <body xmlns='jabber:client'>hi</body>
	// <x xmlns='jabber:x:oob'/> <x xmlns='jabber:x:oob'/>
}

func ExampleDecoder() {
	var d elem.Decoder
	d.Reset(xmlscan.Limits{MaxBytes: 10000})
	var buf []byte
	for _, arrived := range []string{
		"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'><pres",
		"ence/> ", "</stream:stream>",
	} {
		buf = append(buf, arrived...)
		for {
			n, ev, err := d.Next(buf)
			if err != nil {
				fmt.Println(err)
				return
			}
			buf = buf[n:]
			if ev == elem.More {
				break
			}
			var t elem.Tree
			d.Take(&t, 0)
			fmt.Println(ev, t.Root().Name())
		}
	}
	// Output:
	// open {http://etherx.jabber.org/streams stream}
	// element {jabber:client presence}
	// close { }
}

func ExampleWriter() {
	w := elem.NewWriter(nil, "jabber:client")
	w.Start("jabber:client", "iq")
	w.Attr("type", "get")
	w.Start("urn:xmpp:ping", "ping")
	w.End()
	w.End()
	fmt.Println(string(w.Bytes()))
	// Output: <iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>
}
