package xmlscan_test

import (
	"fmt"

	"github.com/stonechat-im/stonechat/xmlscan"
)

func ExampleScanner() {
	var s xmlscan.Scanner
	s.Reset(nil, xmlscan.Limits{})
	var t xmlscan.Token
	buf := []byte("<body xml:lang='en'>It is the east, and Jul")
	for _, arrived := range []string{"", "iet is the sun!</bo", "dy>"} {
		buf = append(buf, arrived...) // the element's bytes stay until it ends
		for t.Type = xmlscan.Text; t.Type != xmlscan.More; {
			if err := s.Next(buf, &t); err != nil {
				fmt.Println(err)
				return
			}
			if t.Type != xmlscan.More {
				fmt.Printf("%d %s\n", s.Depth(), buf[t.Off:t.End])
			}
		}
	}
	// Output:
	// 1 <body xml:lang='en'>
	// 1 It is the east, and Juliet is the sun!
	// 0 </body>
}
