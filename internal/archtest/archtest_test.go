package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// pkg is what go list says of a package of the module.
type pkg struct {
	ImportPath string
	Dir        string
	Imports    []string
	GoFiles    []string
	Doc        string
}

// folder is the package's place in the module.
func folder(path string) (string, bool) { return strings.CutPrefix(path, module) }

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Imports,GoFiles,Doc", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// under says whether folder is dir or below it.
func under(folder, dir string) bool { return folder == dir || strings.HasPrefix(folder, dir+"/") }

func underAny(folder string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return under(folder, d) })
}

// floorOf finds the floor of a folder; ok is false for what stands beside the floors or on none.
func floorOf(folder string) (floor int, ok bool) {
	best := ""
	for prefix := range floors {
		if under(folder, prefix) && len(prefix) > len(best) {
			best = prefix
		}
	}
	return floors[best], best != "" && !underAny(folder, beside)
}

// refuse names the rule that an import of one folder by another breaks; "" for none.
func refuse(from, to string) string {
	if underAny(from, beside) {
		return ""
	}
	if underAny(to, beside) {
		return "only tests import what stands beside the floors"
	}
	a, _ := floorOf(from)
	b, ok := floorOf(to)
	switch {
	case !ok:
		return "the imported package stands on no floor"
	case b > a:
		return "imports go to the same floor or a lower one"
	case under(to, "server") && (a <= 2 || under(from, "client")): // rule 1
		return "floors F0 to F2 and client never see the server"
	case under(to, "client") && under(from, "server"):
		return "the server never sees client"
	case under(to, "server") && under(from, "gateway"):
		return "gateways never see the server"
	case under(from, "server/mod") && from != "server/mod/all": // rule 2
		switch {
		case under(from, to) && to != "server/mod":
		case b == 0, b == 1, to == "server/kit", to == "server/store":
		case under(to, "server/mod"):
			return "modules do not see each other"
		default:
			return "modules see kit, store and floors F0 and F1 alone"
		}
	case under(from, "xep") && under(to, "xep"): // rule 3
		if name, _ := strings.CutPrefix(to, "xep/"); !slices.Contains(sharedXEPs, name) {
			return "packages of xep see only the shared ones of xep: " + strings.Join(sharedXEPs, ", ")
		}
	}
	return ""
}

func (tr *tree) imports(t *testing.T) {
	for _, p := range list(t) {
		from, ours := folder(p.ImportPath)
		if !ours || len(p.GoFiles) == 0 {
			continue
		}
		if _, ok := floorOf(from); !ok && !underAny(from, beside) {
			t.Errorf("%s stands on no floor: name it in internal/archtest and docs/architecture.md", from)
		}
		for _, imp := range p.Imports {
			if to, ours := folder(imp); ours {
				if why := refuse(from, to); why != "" && !tr.excepted("import", from+" "+to) {
					t.Errorf("%s imports %s: %s", from, to, why)
				}
				continue
			}
			first, _, _ := strings.Cut(imp, "/")
			if strings.Contains(first, ".") && !underAny(imp, thirdParties[from]) { // rule 4
				t.Errorf("%s imports %s: it is not in the list of third parties", from, imp)
			}
			if imp == "encoding/xml" && !underAny(from, beside) {
				t.Errorf("%s imports encoding/xml: it is for tests alone", from)
			}
		}
	}
}

func TestPackageComments(t *testing.T) {
	for _, p := range list(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			f, _ := folder(p.ImportPath)
			t.Errorf("%s has no package comment", f)
		}
	}
}

// TestRefuse proves that the rules catch what they are for.
func TestRefuse(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		refused        bool
	}{
		{"down", "server/mod/mam", "server/kit", false},
		{"same floor", "stanza", "xep/forms", false},
		{"up", "elem", "stanza", true},
		{"contract sees machinery", "server/kit", "server/session", true},
		{"module sees machinery", "server/mod/mam", "server/session", true},
		{"module sees a driver", "server/mod/mam", "server/store/sqlite", true},
		{"module sees the wire", "server/mod/mam", "stream", true},
		{"module sees module", "server/mod/mam", "server/mod/carbons", true},
		{"child sees parent", "server/mod/muc/archive", "server/mod/muc", false},
		{"parent sees child", "server/mod/muc", "server/mod/muc/archive", true},
		{"the list sees modules", "server/mod/all", "server/mod/muc", false},
		{"client sees server", "client", "server/kit", true},
		{"server sees client", "server/run", "client", true},
		{"gateway sees server", "gateway/irc", "server/kit", true},
		{"gateway sees component", "gateway/irc", "component", false},
		{"wire sees store", "stream", "server/store", true},
		{"shared xep", "xep/commands", "xep/forms", false},
		{"other xep", "xep/commands", "xep/ping", true},
		{"code sees test tools", "server/run", "xmpptest", true},
		{"test tools see all", "xmpptest", "server/run", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if why := refuse(c.from, c.to); (why != "") != c.refused {
				t.Errorf("%s imports %s: refused with %q", c.from, c.to, why)
			}
		})
	}
}
