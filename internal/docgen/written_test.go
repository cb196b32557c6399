package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// page reads a page that is written by hand.
func page(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func parse(t *testing.T, path string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestFunctionsNamed looks up every function that life-of-a-stanza.md places in a file.
func TestFunctionsNamed(t *testing.T) {
	named := regexp.MustCompile("`([\\w.]+)`\\s+(?:\\(|in\\s+)([a-z0-9/_]+\\.go)")
	all := named.FindAllStringSubmatch(page(t, "docs/life-of-a-stanza.md"), -1)
	if len(all) < 20 {
		t.Fatalf("only %d functions found", len(all))
	}
	for _, m := range all {
		found := false
		for _, d := range parse(t, filepath.Join(root, m[2])).Decls {
			f, ok := d.(*ast.FuncDecl)
			found = found || ok && receiver(f)+f.Name.Name == m[1]
		}
		if !found {
			t.Errorf("%s is not in %s", m[1], m[2])
		}
	}
}

// TestLocksListed compares docs/locks.md with the code.
func TestLocksListed(t *testing.T) {
	var code, listed []string
	err := walk(root, ".go", func(path, name string) error {
		dir := filepath.ToSlash(filepath.Dir(name))
		if strings.HasSuffix(name, "_test.go") || slices.ContainsFunc([]string{"internal", "xmpptest", "bench", "server/store/storetest"},
			func(p string) bool { return dir == p || strings.HasPrefix(dir, p+"/") }) {
			return nil
		}
		code = append(code, locks(dir, parse(t, path))...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| `([^`]+)` \\|").FindAllStringSubmatch(page(t, "docs/locks.md"), -1) {
		listed = append(listed, m[1]+" "+m[2])
	}
	for _, l := range code {
		if !slices.Contains(listed, l) {
			t.Errorf("docs/locks.md lacks %s", l)
		}
	}
	for _, l := range listed {
		if !slices.Contains(code, l) {
			t.Errorf("docs/locks.md has %s, and the code has not", l)
		}
	}
}

// locks lists the mutexes in struct types and package variables of a file.
func locks(dir string, f *ast.File) []string {
	var out []string
	isLock := func(e ast.Expr) bool {
		x, ok := e.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		id, ok := x.X.(*ast.Ident)
		return ok && id.Name == "sync" && (x.Sel.Name == "Mutex" || x.Sel.Name == "RWMutex")
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			st, ok := n.Type.(*ast.StructType)
			if !ok {
				return true
			}
			for _, fl := range st.Fields.List {
				for _, id := range fl.Names {
					if isLock(fl.Type) {
						out = append(out, dir+" "+n.Name.Name+"."+id.Name)
					}
				}
			}
		case *ast.ValueSpec:
			for _, id := range n.Names {
				if isLock(n.Type) {
					out = append(out, dir+" "+id.Name)
				}
			}
		}
		return true
	})
	return out
}

// TestLinks follows the links between pages.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range append(pages, filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md")) {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`).FindAllStringSubmatch(string(b), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(p), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", filepath.Base(p), m[1])
			}
		}
	}
}
