package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the top of the repository as seen from here.
const root = "../.."

const (
	fileLimit = 600 // lines
	funcLimit = 80
)

// tree is one reading of the repository, and which exceptions it needed.
type tree struct {
	sources []source
	used    map[exception]bool
}

// excepted says whether a breach is in the list of exceptions.
func (tr *tree) excepted(rule, where string) bool {
	for _, e := range exceptions {
		if e.rule == rule && e.where == where {
			tr.used[e] = true
			return true
		}
	}
	return false
}

func TestTree(t *testing.T) {
	tr := &tree{sources(t), make(map[exception]bool)}
	t.Run("imports", tr.imports)
	t.Run("sizes", tr.sizes)
	t.Run("contexts", tr.contexts)
	t.Run("exceptions", func(t *testing.T) {
		for _, e := range exceptions {
			if !tr.used[e] {
				t.Errorf("%s of %s is excepted and need not be: %s", e.rule, e.where, e.reason)
			}
		}
	})
}

// source is one parsed file.
type source struct {
	name string // relative to the root, with slashes
	file *ast.File
	set  *token.FileSet
}

func (s source) test() bool { return strings.HasSuffix(s.name, "_test.go") }

// dir is the folder that the file is in.
func (s source) dir() string { return filepath.ToSlash(filepath.Dir(s.name)) }

func (s source) lines(n ast.Node) int {
	return s.set.Position(n.End()).Line - s.set.Position(n.Pos()).Line + 1
}

func sources(t *testing.T) []source {
	t.Helper()
	set := token.NewFileSet()
	var all []source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && path != root && (name == "testdata" || strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		f, err := parser.ParseFile(set, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		all = append(all, source{filepath.ToSlash(name), f, set})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// funcName is a function as an exception names it: "server/run Server.listen".
func funcName(s source, d *ast.FuncDecl) string {
	name := d.Name.Name
	if d.Recv != nil && len(d.Recv.List) > 0 {
		ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if ok {
				name = id.Name + "." + name
			}
			return !ok
		})
	}
	return s.dir() + " " + name
}

func (tr *tree) sizes(t *testing.T) {
	for _, s := range tr.sources {
		if n := s.set.File(s.file.Pos()).LineCount(); n > fileLimit && !tr.excepted("file size", s.name) {
			t.Errorf("%s has %d lines; the limit is %d", s.name, n, fileLimit)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := s.lines(f); n > funcLimit && !s.test() && !tr.excepted("function size", funcName(s, f)) {
				t.Errorf("%s: %s has %d lines; the limit is %d", s.name, f.Name.Name, n, funcLimit)
			}
			if f.Name.Name == "init" && f.Recv == nil {
				t.Errorf("%s has an init function", s.name)
			}
		}
	}
}

// contexts is import rule 5: a context is an argument, and begins where the program does.
func (tr *tree) contexts(t *testing.T) {
	for _, s := range tr.sources {
		if s.test() || underAny(s.dir(), beside) {
			continue
		}
		start := s.file.Name.Name == "main" || s.dir() == "server/run"
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if isContext(n, "Background", "TODO") && !start && !tr.excepted("context start", s.name) {
					t.Errorf("%s: context.%s outside main, run and tests", s.set.Position(n.Pos()), n.Sel.Name)
				}
			case *ast.TypeSpec:
				if st, ok := n.Type.(*ast.StructType); ok && holdsContext(st) && !tr.excepted("context field", s.dir()+" "+n.Name.Name) {
					t.Errorf("%s: %s keeps a context in a field", s.set.Position(n.Pos()), n.Name.Name)
				}
			}
			return true
		})
	}
}

func holdsContext(st *ast.StructType) bool {
	return slices.ContainsFunc(st.Fields.List, func(f *ast.Field) bool {
		x, ok := f.Type.(*ast.SelectorExpr)
		return ok && isContext(x, "Context")
	})
}

func isContext(x *ast.SelectorExpr, names ...string) bool {
	id, ok := x.X.(*ast.Ident)
	return ok && id.Name == "context" && slices.Contains(names, x.Sel.Name)
}
