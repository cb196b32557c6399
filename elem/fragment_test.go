package elem_test

import (
	"testing"

	"github.com/stonechat-im/stonechat/elem"
)

// Every element of a fragment keeps its own attributes and namespaces.
func TestFragmentOfSeveral(t *testing.T) {
	tree, err := elem.ParseFragment([]byte(`<a k='1' xmlns:p='urn:p'><p:x p:k='2'/></a> <b k='3'/><c xmlns='urn:c' k='4'><d k='5'/></c>`), "urn:o")
	if err != nil {
		t.Fatal(err)
	}
	r := tree.Root()
	for _, tc := range []struct {
		name string
		e    elem.Elem
		want string
	}{
		{"first", r.Child("urn:o", "a"), "1"},
		{"second", r.Child("urn:o", "b"), "3"},
		{"third", r.Child("urn:c", "c"), "4"},
		{"below the third", r.Child("urn:c", "c").Child("urn:c", "d"), "5"},
	} {
		if got := tc.e.Attr("k"); got != tc.want {
			t.Errorf("%s: k is %q, want %q", tc.name, got, tc.want)
		}
	}
	if v, ok := r.Child("urn:o", "a").Child("urn:p", "x").LookupAttr("urn:p", "k"); !ok || v != "2" {
		t.Errorf("prefixed attribute is %q, %v", v, ok)
	}
	n := 0
	for e := range r.Children() {
		n++
		for range e.Attrs() {
			n += 10
		}
	}
	if n != 33 {
		t.Errorf("counted %d, want 3 elements with one attribute each", n)
	}
}
