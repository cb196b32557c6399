package jid

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

func TestSizes(t *testing.T) {
	if n := unsafe.Sizeof(JID{}) + unsafe.Sizeof(Bare{}) + unsafe.Sizeof(Full{}); n != 3*24 {
		t.Errorf("the three types take %d bytes together, want 72", n)
	}
}

func TestAccessors(t *testing.T) {
	type parts struct{ Local, Domain, Resource, Bare string }
	tests := []struct {
		name, in string
		want     parts
	}{
		{"full", "romeo@montague.example/orchard", parts{"romeo", "montague.example", "orchard", "romeo@montague.example"}},
		{"bare", "romeo@montague.example", parts{"romeo", "montague.example", "", "romeo@montague.example"}},
		{"domain", "montague.example", parts{"", "montague.example", "", "montague.example"}},
		{"domain and resource", "montague.example/a", parts{"", "montague.example", "a", "montague.example"}},
		{"separators in resource", "a.example/b@c/d", parts{"", "a.example", "b@c/d", "a.example"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j, err := Parse(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			got := parts{j.Local(), j.Domain(), j.Resource(), j.Bare().String()}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			b := j.Bare()
			if b.Local() != tt.want.Local || b.Domain() != tt.want.Domain || b.JID().String() != tt.want.Bare {
				t.Errorf("Bare has parts %q %q", b.Local(), b.Domain())
			}
			if b.IsDomain() != (tt.want.Local == "") || b.DomainBare().String() != tt.want.Domain {
				t.Errorf("IsDomain %v, DomainBare %q", b.IsDomain(), b.DomainBare())
			}
			f, ok := j.Full()
			if ok != (tt.want.Resource != "") || ok != j.IsFull() || ok == j.IsBare() {
				t.Errorf("Full: %v, IsFull %v, IsBare %v", ok, j.IsFull(), j.IsBare())
			}
			if ok && (f.JID() != j || f.Bare() != b || f.Local() != j.Local() || f.Domain() != j.Domain() || f.Resource() != j.Resource()) {
				t.Errorf("Full %q differs from %q", f, j)
			}
		})
	}
}

func TestZero(t *testing.T) {
	var j JID
	var b Bare
	var f Full
	if !j.IsZero() || !b.IsZero() || !f.IsZero() || j.IsBare() || j.IsFull() || b.IsDomain() {
		t.Error("a zero value claims to be an address")
	}
	if j.Bare() != b || f.Bare() != b || f.JID() != j || b.DomainBare() != b {
		t.Error("zero values do not convert into each other")
	}
	if s := j.Local() + j.Domain() + j.Resource() + j.String() + b.Domain() + f.Resource(); s != "" {
		t.Errorf("zero values have text %q", s)
	}
	if _, err := b.WithResource("orchard"); err != (Error{PartDomain, Empty}) {
		t.Errorf("WithResource on zero: %v", err)
	}
	if _, err := j.WithResource("orchard"); err != (Error{PartDomain, Empty}) {
		t.Errorf("WithResource on zero: %v", err)
	}
}

func TestEquality(t *testing.T) {
	tests := []struct{ name, a, b string }{
		{"ASCII capitals", "USER@Example.COM", "user@example.com"},
		{"A-label", "a@xn--bcher-kva.example", "a@bücher.example"},
		{"A-label in capitals", "a@XN--Bcher-KVA.example", "a@bücher.example"}, {"U-label in capitals", "a@BÜCHER.example", "a@bücher.example"},
		{"final dot", "a@capulet.example./x", "a@capulet.example/x"},
		{"ideographic dot", "a@capulet。example。", "a@capulet.example"},
		{"fullwidth local part", "ｊｕｌｉｅｔ@capulet.example", "juliet@capulet.example"},
		{"decomposed", "re\u0301mi@capulet.example", "r\u00e9mi@capulet.example"},
		{"non-ASCII space in resource", "a@b.example/x\u00a0y\u3000z", "a@b.example/x y z"},
		{"IPv6 forms", "a@[2001:DB8:0:0::1]", "a@[2001:db8::1]"},
		{"non-ASCII capitals", "ÉTÉ@b.example", "été@b.example"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := MustParse(tt.a), MustParse(tt.b)
			if a != b || a.String() != tt.b {
				t.Errorf("%q parses as %q, want %q", tt.a, a, tt.b)
			}
			if m := map[JID]int{a: 1}; m[b] != 1 {
				t.Error("unequal as map keys")
			}
			n, err := New(a.Local(), a.Domain(), a.Resource())
			if err != nil || n != a {
				t.Errorf("New of the parts gives %q, %v", n, err)
			}
		})
	}
	for _, r := range []string{"Balcony", "balcony "} {
		if MustParse("a@b.example/"+r) == MustParse("a@b.example/balcony") {
			t.Errorf("resource %q equals balcony", r)
		}
	}
}

func TestWithResource(t *testing.T) {
	b := MustBare("juliet@capulet.example")
	f, err := b.WithResource("balcony\u00a0two")
	if err != nil || f != MustFull("juliet@capulet.example/balcony two") {
		t.Errorf("got %q, %v", f, err)
	}
	j, err := f.JID().WithResource("chamber")
	if err != nil || j != MustParse("juliet@capulet.example/chamber") {
		t.Errorf("got %q, %v", j, err)
	}
	if _, err := b.WithResource(""); err != (Error{PartResource, Empty}) {
		t.Errorf("empty resource: %v", err)
	}
}

func TestConstructors(t *testing.T) {
	if b, err := NewBare("Juliet", "Capulet.example"); err != nil || b != MustBare("juliet@capulet.example") {
		t.Errorf("NewBare: %q, %v", b, err)
	}
	if b, err := Domain("Capulet.example."); err != nil || b != MustBare("capulet.example") || !b.IsDomain() {
		t.Errorf("Domain: %q, %v", b, err)
	}
	if _, err := Domain("juliet@capulet.example"); err == nil {
		t.Error("Domain took a local part")
	}
	if _, err := New("a/b", "capulet.example", ""); err != (Error{PartLocal, Disallowed}) {
		t.Errorf("New: %v", err)
	}
	if _, err := New("juliet", "capulet.example/x", ""); err != (Error{PartDomain, Disallowed}) {
		t.Errorf("New: %v", err)
	}
	if _, err := New("juliet", "", "x"); err != (Error{PartDomain, Empty}) {
		t.Errorf("New: %v", err)
	}
	if _, err := ParseBare("a@b.example/c"); err != (Error{PartResource, Unexpected}) {
		t.Errorf("ParseBare: %v", err)
	}
	if _, err := ParseFull("a@b.example"); err != (Error{PartResource, Empty}) {
		t.Errorf("ParseFull: %v", err)
	}
	for name, f := range map[string]func(){
		"MustParse": func() { MustParse("@") },
		"MustBare":  func() { MustBare("a/b") },
		"MustFull":  func() { MustFull("a") },
	} {
		if !panics(f) {
			t.Errorf("%s does not panic", name)
		}
	}
}

func panics(f func()) (p bool) {
	defer func() { p = recover() != nil }()
	f()
	return
}

func TestClone(t *testing.T) {
	f := MustFull("juliet@capulet.example/balcony")
	c := f.Clone()
	if c != f || f.JID().Clone() != f.JID() || f.Bare().Clone() != f.Bare() {
		t.Error("clone differs")
	}
	if unsafe.StringData(c.String()) == unsafe.StringData(f.String()) {
		t.Error("clone shares memory")
	}
	s := strings.Repeat("juliet@capulet.example", 1)
	if unsafe.StringData(MustParse(s).String()) != unsafe.StringData(s) {
		t.Error("Parse copied an address in normal form")
	}
}

func TestCompare(t *testing.T) {
	list := []Bare{MustBare("c.example"), MustBare("b@a.example"), MustBare("a@b.example")}
	slices.SortFunc(list, Bare.Compare)
	want := []Bare{MustBare("a@b.example"), MustBare("b@a.example"), MustBare("c.example")}
	if !slices.Equal(list, want) {
		t.Errorf("sorted: %v", list)
	}
	if MustFull("a.example/a").Compare(MustFull("a.example/b")) != -1 || MustParse("b").Compare(MustParse("a")) != 1 {
		t.Error("wrong order")
	}
}

func TestJSON(t *testing.T) {
	type doc struct {
		J     JID
		B     Bare
		F     Full
		Zero  JID
		ByKey map[Bare]int
	}
	in := doc{
		J: MustParse("montague.example"), B: MustBare("romeo@montague.example"), F: MustFull("romeo@montague.example/orchard"),
		ByKey: map[Bare]int{MustBare("juliet@capulet.example"): 1},
	}
	text, err := json.Marshal(in)
	want := `{"J":"montague.example","B":"romeo@montague.example","F":"romeo@montague.example/orchard","Zero":"","ByKey":{"juliet@capulet.example":1}}`
	if err != nil || string(text) != want {
		t.Fatalf("got %s, %v", text, err)
	}
	var out doc
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(in, out, cmp.Comparer(func(a, b JID) bool { return a == b }),
		cmp.Comparer(func(a, b Bare) bool { return a == b }), cmp.Comparer(func(a, b Full) bool { return a == b })); d != "" {
		t.Error(d)
	}
	keep := in.B
	err = json.Unmarshal([]byte(`"romeo@"`), &keep)
	if !errors.Is(err, Error{PartDomain, Empty}) || keep != in.B {
		t.Errorf("bad text: %v, value now %q", err, keep)
	}
}

func TestAppendText(t *testing.T) {
	f := MustFull("a@b.example/c")
	got, _ := f.AppendText([]byte("<"))
	got, _ = f.Bare().AppendText(got)
	got, _ = f.JID().AppendText(got)
	if string(got) != "<a@b.example/ca@b.examplea@b.example/c" {
		t.Errorf("got %s", got)
	}
}

func TestSQL(t *testing.T) {
	tests := []struct {
		name string
		src  any
		want Bare
		err  bool
	}{
		{"string", "Romeo@montague.example", MustBare("romeo@montague.example"), false},
		{"bytes", []byte("romeo@montague.example"), MustBare("romeo@montague.example"), false},
		{"null", nil, Bare{}, false},
		{"empty", "", Bare{}, false},
		{"number", int64(7), Bare{}, true},
		{"full address", "a@b.example/c", Bare{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b Bare
			if err := b.Scan(tt.src); (err != nil) != tt.err || b != tt.want {
				t.Errorf("got %q, %v", b, err)
			}
		})
	}
	var j JID
	var f Full
	if j.Scan("a@b.example/c") != nil || f.Scan("a@b.example/c") != nil || f.JID() != j {
		t.Errorf("scanned %q and %q", j, f)
	}
	for name, v := range map[string]driver.Valuer{"JID": j, "Full": f} {
		if got, err := v.Value(); got != "a@b.example/c" || err != nil {
			t.Errorf("%s: value %v, %v", name, got, err)
		}
	}
	for name, v := range map[string]driver.Valuer{"JID": JID{}, "Bare": Bare{}, "Full": Full{}} {
		if got, err := v.Value(); got != nil || err != nil {
			t.Errorf("zero %s: value %v, %v", name, got, err)
		}
	}
}

func TestErrorText(t *testing.T) {
	_, err := Parse("romeo@")
	if err == nil || err.Error() != "jid: domainpart is empty" {
		t.Errorf("got %v", err)
	}
	seen := map[string]bool{}
	for p := Part(0); p <= PartURI; p++ {
		for r := Reason(0); r <= BadEscape; r++ {
			seen[Error{p, r}.Error()] = true
		}
	}
	if len(seen) != (int(PartURI)+1)*(int(BadEscape)+1) {
		t.Error("two errors have the same text")
	}
}
