package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/run"
)

// chestConfig has a field of every kind that a section may have.
type chestConfig struct {
	MaxMessages int
	Depth       uint8
	Ratio       float64
	Lock        bool
	Keep        kit.Duration
	Room        kit.Size
	Labels      []string
	Prices      map[string]int
	Hinge       struct{ Oil kit.Duration }
}

func (c chestConfig) Check() error {
	if c.MaxMessages < 0 {
		return &kit.ConfigError{Key: "max_messages", Text: "must not be negative"}
	}
	if c.Lock && c.Depth == 0 {
		return errors.New("a locked chest needs a depth")
	}
	return nil
}

func testDefs() []kit.Def {
	no := func(*kit.Env, chestConfig) (kit.Module, error) { return nil, nil }
	return []kit.Def{
		kit.Define(kit.Info{Name: "chest"}, chestConfig{MaxMessages: 100, Labels: []string{"oak"}, Depth: 1}, no),
		kit.Define(kit.Info{Name: "drawer"}, chestConfig{}, no),
	}
}

func loadText(t *testing.T, text string) (*File, error) {
	t.Helper()
	return load("stonechat.toml", filepath.Join(t.TempDir(), "stonechat.toml"), []byte(text), testDefs())
}

func TestErrorsNameFileLineAndKey(t *testing.T) {
	const ok = "domains = ['montague.example']\n"
	for _, tt := range []struct{ name, text, want string }{
		{"wrong type for a number", ok + "[chest]\nmax_messages = 'many'", `stonechat.toml:3: [chest] max_messages: expected a number, found "many"`},
		{"a number for a list", ok + "\n\n[chest]\nlabels = 3", `stonechat.toml:5: [chest] labels: expected a list in [brackets], found 3`},
		{"wrong element of a list", ok + "[chest]\nlabels = [\n 'oak',\n 7\n]", `stonechat.toml:5: [chest] labels: expected text in quotes, found 7`},
		{"text for a flag", ok + "plain = 'yes'", `stonechat.toml:2: plain: expected true or false, found "yes"`},
		{"a flag for text", "data = true\n" + ok, `stonechat.toml:1: data: expected text in quotes, found true`},
		{"out of range", ok + "[chest]\ndepth = 256", `stonechat.toml:3: [chest] depth: the number 256 is out of range`},
		{"negative for unsigned", ok + "[chest]\ndepth = -1", `stonechat.toml:3: [chest] depth: the number -1 is out of range`},
		{"a float for a number", ok + "[chest]\nmax_messages = 1.5", `stonechat.toml:3: [chest] max_messages: expected a number, found 1.5`},
		{"a bad time span", ok + "[chest]\nkeep = 'a while'", `stonechat.toml:3: [chest] keep: "a while" is no time span; write for example 90s, 10m, 36h or 30d`},
		{"a bad size", ok + "[limits]\nstanza = '64 KB'", `stonechat.toml:3: [limits] stanza: "64 KB" is no size; write for example 512, 64KiB, 10MiB or 2GiB`},
		{"a value for a section", ok + "chest = 4", `stonechat.toml:2: chest: expected a section, found 4`},
		{"a section within", ok + "[chest.hinge]\noil = 'never'", `stonechat.toml:3: [chest.hinge] oil: "never" is no time span; write for example 90s, 10m, 36h or 30d`},
		{"dotted key", ok + "chest.hinge.oil = 'never'", `stonechat.toml:2: [chest.hinge] oil: "never" is no time span; write for example 90s, 10m, 36h or 30d`},
		{"inline section", ok + "chest = {lock = 1}", `stonechat.toml:2: [chest] lock: expected true or false, found 1`},
		{"value of a map", ok + "[chest.prices]\nruby = 'dear'", `stonechat.toml:3: [chest.prices] ruby: expected a number, found "dear"`},

		{"unknown key", ok + "[chest]\nmax_mesages = 3", `stonechat.toml:3: [chest] max_mesages: unknown key; did you mean max_messages?`},
		{"unknown key, nothing near", ok + "colour = 'red'", `stonechat.toml:2: colour: unknown key`},
		{"unknown section", ok + "[chests]\nlock = true", `stonechat.toml:2: chests: unknown key; did you mean chest?`},
		{"unknown key of a host", "[[host]]\ndomains = ['montague.example']\nplian = true", `stonechat.toml:3: [host] plian: unknown key; did you mean plain?`},
		{"unknown key of the second host", "[[host]]\n" + ok + "[[host]]\ndomains = ['capulet.example']\n[host.chest]\nlok = true", `stonechat.toml:6: [host.chest] lok: unknown key; did you mean lock?`},
		{"listen inside a host", "[[host]]\n" + ok + "[host.listen]\nclient = []", `stonechat.toml:3: [host] listen: unknown key`},
		{"capitals", ok + "Plain = true", `stonechat.toml:2: Plain: unknown key; did you mean plain?`},

		{"syntax", ok + "plain = yes", `stonechat.toml:2: `},
		{"a key twice", ok + "plain = true\nplain = false", `stonechat.toml:3: `},
		{"not UTF-8", ok + "data = '\xff'", `stonechat.toml:2: `},
		{"no closing bracket", ok + "[chest", `stonechat.toml:2: `},

		{"no domain", "plain = true\n", `stonechat.toml: domains: expected the domain to serve, such as ["montague.example"]`},
		{"host without a domain", "[[host]]\nplain = true\n", `stonechat.toml:1: [host] domains: expected the domain to serve`},
		{"not a domain", "domains = ['a b']", `stonechat.toml:1: domains: "a b": `},
		{"an address for a domain", "domains = ['romeo@montague.example']", `stonechat.toml:1: domains: "romeo@montague.example": `},
		{"a domain twice", "[[host]]\n" + ok + "[[host]]\ndomains = ['MONTAGUE.example']", `stonechat.toml:4: [host] domains: montague.example is there twice`},
		{"domains above and in hosts", ok + "[[host]]\ndomains = ['capulet.example']", `stonechat.toml:1: domains: belongs into each [[host]]`},
		{"one bracket", "[host]\n" + ok, `stonechat.toml:1: host: write [[host]], with two brackets`},
		{"hosts as text", "host = ['montague.example']", `stonechat.toml:1: host: expected a section, found "montague.example"`},
		{"an admin without a name", ok + "admins = ['montague.example']", `stonechat.toml:2: admins: expected the address of an account`},
		{"an admin with a resource", ok + "admins = ['romeo@montague.example/orchard']", `stonechat.toml:2: admins: `},
		{"a module that is not there", ok + "without = ['chest', 'drawr']", `stonechat.toml:2: without: there is no module "drawr"; did you mean drawer?`},
		{"log level", ok + "[log]\nlevel = 'loud'", `stonechat.toml:3: [log] level: expected debug, info, warn or error, found "loud"`},
		{"log format", ok + "[log]\nformat = 'xml'", `stonechat.toml:3: [log] format: expected text or json, found "xml"`},
		{"an address without a port", ok + "[listen]\nclient = ['127.0.0.1']", `stonechat.toml:3: [listen] client: expected an address such as ":5222"`},
		{"a port that is none", ok + "[listen]\nclient_tls = [':65536']", `stonechat.toml:3: [listen] client_tls: expected an address`},
		{"plaintext for everybody", ok + "[listen]\nplaintext = true\nclient = ['127.0.0.1:5222', '192.0.2.1:5222']\nclient_tls = []", `stonechat.toml:4: [listen] client: plaintext is for loopback addresses only, and this is "192.0.2.1:5222"`},
		{"a small stanza", ok + "[limits]\nstanza = 9999", `stonechat.toml:3: [limits] stanza: expected 10000 to `},
		{"no time to negotiate", ok + "[limits]\nnegotiation = '0s'", `stonechat.toml:3: [limits] negotiation: must be more than nothing`},
		{"burst under a stanza", ok + "[limits]\nburst = 5", `stonechat.toml:3: [limits] burst: is less than one stanza`},
		{"no data folder", "data = ''\n" + ok, `stonechat.toml:1: data: expected a folder`},

		{"check of a module", ok + "[chest]\nlock = true\nmax_messages = -1", `stonechat.toml:4: [chest] max_messages: must not be negative`},
		{"check of the whole section", ok + "[chest]\nlock = true\ndepth = 0", `stonechat.toml:2: chest: a locked chest needs a depth`},
		{"check of a host's module", "[[host]]\n" + ok + "[host.chest]\nmax_messages = -1", `stonechat.toml:4: [host.chest] max_messages: must not be negative`},
		{"the key is above, said once", "[chest]\nmax_messages = -1\n[[host]]\n" + ok + "[[host]]\ndomains = ['capulet.example']", `stonechat.toml:2: [chest] max_messages: must not be negative`},

		{"no certificate file", ok + "[[tls.certificate]]\nfile = 'none.pem'", `stonechat.toml:3: [tls.certificate] file: open `},
		{"a certificate without a file", ok + "[[tls.certificate]]\nkey = 'none.pem'", `stonechat.toml:2: [tls.certificate] file: expected the path of a PEM file`},
		{"no client authorities", ok + "tls.client_ca = 'none.pem'", `stonechat.toml:2: [tls] client_ca: open `},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := loadText(t, tt.text)
			var ps Problems
			if !errors.As(err, &ps) || f != nil {
				t.Fatalf("file %v, error %v; want problems", f, err)
			}
			if got := err.Error(); !strings.HasPrefix(got, tt.want) || len(ps) != 1 {
				t.Errorf("%d problems:\n got %s\nwant %s", len(ps), got, tt.want)
			}
		})
	}
}

func TestAllMistakesAtOnceInOrder(t *testing.T) {
	_, err := loadText(t, "plian = true\ndomains = 'montague.example'\n[log]\nlevel = 1\n")
	want := `stonechat.toml:1: plian: unknown key; did you mean plain?
stonechat.toml:2: domains: expected a list in [brackets], found "montague.example"
stonechat.toml:2: domains: expected the domain to serve, such as ["montague.example"]
stonechat.toml:4: [log] level: expected debug, info, warn or error, found "1"`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
	var ps Problems
	errors.As(err, &ps)
	if got := ps.First(); !strings.HasSuffix(got, "did you mean plain? (and 3 more: see stonechat config check)") {
		t.Errorf("First: %s", got)
	}
}

func TestHostsInheritAndOverride(t *testing.T) {
	f, err := loadText(t, `
admins = ["mercutio@verona.example"]
plain = true
[chest]
max_messages = 7
labels = ["elm"]
prices = {ruby = 3}
[[host]]
domains = ["montague.example", "verona.example"]
[host.chest]
labels = []
keep = "30d"
[[host]]
domains = ["capulet.example"]
plain = false
admins = ["juliet@capulet.example"]
without = ["drawer"]
[host.chest]
prices = {pearl = 4}
room = 1024
`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"montague.example", "verona.example", "capulet.example"}, f.Domains()); diff != "" {
		t.Error(diff)
	}
	one, two := f.Run.Realms[0], f.Run.Realms[1]
	if !one.Plain || two.Plain || one.Admins[0].String() != "mercutio@verona.example" || two.Admins[0].String() != "juliet@capulet.example" {
		t.Errorf("options: %+v, %+v", one, two)
	}
	if len(one.Without) != 0 || len(two.Without) != 1 {
		t.Errorf("without: %v, %v", one.Without, two.Without)
	}
	want := chestConfig{MaxMessages: 7, Depth: 1, Labels: []string{}, Keep: kit.Duration(30 * 24 * time.Hour), Prices: map[string]int{"ruby": 3}}
	if diff := cmp.Diff(want, one.Modules["chest"]); diff != "" {
		t.Errorf("first host: %s", diff)
	}
	want = chestConfig{MaxMessages: 7, Depth: 1, Labels: []string{"elm"}, Prices: map[string]int{"pearl": 4}, Room: 1024}
	if diff := cmp.Diff(want, two.Modules["chest"]); diff != "" {
		t.Errorf("second host: %s", diff)
	}
	if diff := cmp.Diff(chestConfig{MaxMessages: 100, Depth: 1, Labels: []string{"oak"}}, testDefs()[0].Defaults()); diff != "" {
		t.Errorf("the default has changed: %s", diff)
	}
}

func TestDefaultsAndPaths(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "stonechat.toml")
	if err := os.WriteFile(name, []byte("domains = ['Montague.Example']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Load(name, testDefs())
	if err != nil {
		t.Fatal(err)
	}
	if f.Path != name || f.Data != filepath.Join(dir, "stonechat-data") {
		t.Errorf("path %s, data %s", f.Path, f.Data)
	}
	if f.Run.Limits != run.DefaultLimits() {
		t.Errorf("limits %+v", f.Run.Limits)
	}
	if diff := cmp.Diff(run.Listen{Client: []string{":5222"}, ClientTLS: []string{":5223"}}, f.Run.Listen); diff != "" {
		t.Error(diff)
	}
	if f.Run.Plaintext || !f.Run.Realms[0].Plain || f.Run.Realms[0].Domains[0] != "montague.example" {
		t.Errorf("%+v", f.Run)
	}
	if _, err := Load(filepath.Join(dir, "none.toml"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// What runs without a configuration must not be reached from elsewhere.
func TestDefaultIsLoopback(t *testing.T) {
	f := Default()
	for _, a := range append(f.Run.Listen.Client, f.Run.Listen.ClientTLS...) {
		if !strings.HasPrefix(a, "127.0.0.1:") {
			t.Errorf("listens on %s", a)
		}
	}
	if diff := cmp.Diff([]string{"localhost"}, f.Domains()); diff != "" || f.Run.Plaintext {
		t.Errorf("%s plaintext %v", diff, f.Run.Plaintext)
	}
}

func TestKeyOf(t *testing.T) {
	for field, want := range map[string]string{
		"Data": "data", "ClientTLS": "client_tls", "MaxMessages": "max_messages", "TLSPort": "tls_port", "ClientCA": "client_ca",
		"MaxJIDs": "max_jids", "JIDsKept": "jids_kept", "SHA256": "sha256", "URL": "url", "PerAddress": "per_address",
	} {
		if got := KeyOf(field); got != want {
			t.Errorf("KeyOf(%s) = %s, want %s", field, got, want)
		}
	}
}

// Every key that is described can be written down with its default, and then means the same.
func TestDescribedDefaultsAreTheDefaults(t *testing.T) {
	keys := Describe(testDefs())
	sections := map[string][]string{}
	var order []string
	for _, k := range keys {
		if k.Owner == nil || k.Field == "" || k.Type == "" {
			t.Errorf("%+v", k)
		}
		if _, ok := k.Owner.FieldByName(k.Field); !ok {
			t.Errorf("%s has no field %s", k.Owner, k.Field)
		}
		if k.Default == "" || k.Section == "tls.certificate" || k.Name == "domains" || k.Name == "client_ca" {
			continue
		}
		if sections[k.Section] == nil {
			order = append(order, k.Section)
		}
		sections[k.Section] = append(sections[k.Section], k.Name+" = "+k.Default)
	}
	var text strings.Builder
	text.WriteString("domains = ['montague.example']\n")
	for _, s := range order {
		if s != "" {
			text.WriteString("[" + s + "]\n")
		}
		text.WriteString(strings.Join(sections[s], "\n") + "\n")
	}
	written, err := loadText(t, text.String())
	if err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	plain, err := loadText(t, "domains = ['montague.example']\n")
	if err != nil {
		t.Fatal(err)
	}
	if written.Run.Limits != plain.Run.Limits || written.Log != plain.Log || !reflect.DeepEqual(written.Run.Listen, plain.Run.Listen) {
		t.Errorf("%+v\n%+v", written, plain)
	}
	if len(order) != 8 {
		t.Errorf("sections %q", order)
	}
}

func FuzzLoad(f *testing.F) {
	for _, s := range []string{
		"", "domains = ['montague.example']", "[[host]]\ndomains = []\n[host.chest]\nprices = {a = [1, {b = 2}]}",
		"[[tls.certificate]]\nfile = 'x'\n[[tls.certificate]]\n", "host = [[[]]]", "a.b.c = 1\n[a.b]\n", "[chest]\nlabels = [ # why\n 1, # so\n]",
		"'' = 1\n[chest.hinge]\n[chest.'hinge.oil']", "[[host]]\n[[host.chest]]\n[host.chest.hinge]",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := load("stonechat.toml", "/nowhere/stonechat.toml", []byte(text), testDefs())
		var ps Problems
		if (file == nil) != errors.As(err, &ps) {
			t.Fatalf("file %v, error %v", file, err)
		}
		for _, p := range ps {
			if n := strings.Count(text, "\n") + 1; p.Line < 0 || p.Line > n {
				t.Errorf("line %d of %d: %v", p.Line, n, p)
			}
		}
	})
}
