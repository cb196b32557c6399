package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/stonechat-im/stonechat/xmpptest"
)

// source is what the Go files of the repository say: comments of struct fields, and marks of specifications.
type source struct {
	docs  map[field]string
	marks []mark
}

// field is a field of a struct type: folder, type and name.
type field struct{ dir, owner, name string }

// mark is one "RFC 6120 §8.1.3" or "XEP-0191#block" in a comment.
type mark struct {
	xmpptest.Mark
	file string // relative to the root
	in   string // the declaration that it stands in or before; "" for none
}

// readSource reads all Go files below root but tests.
func readSource(root string) (*source, error) {
	src := &source{docs: make(map[field]string)}
	err := walk(root, ".go", func(path, name string) error {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "internal/") {
			return nil
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir, _ := filepath.Split(name)
		src.readDocs(strings.TrimSuffix(dir, "/"), f)
		src.readMarks(name, f)
		return nil
	})
	return src, err
}

// walk calls f with every file below root that ends in ext: its path, and its name relative to the root with slashes.
func walk(root, ext string, f func(path, name string) error) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "testdata" && ext == ".go" {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ext {
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return f(path, filepath.ToSlash(name))
	})
}

// readDocs notes the comments of struct fields: above them, or behind them.
func (src *source) readDocs(dir string, f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		ts, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		st, ok := ts.Type.(*ast.StructType)
		if !ok {
			return true
		}
		for _, fl := range st.Fields.List {
			text := fl.Doc.Text()
			if text == "" {
				text = fl.Comment.Text()
			}
			for _, id := range fl.Names {
				src.docs[field{dir, ts.Name.Name, id.Name}] = strings.TrimSpace(text)
			}
		}
		return true
	})
}

// doc finds the comment of a field of a type.
func (src *source) doc(t reflect.Type, name string) string {
	const module = "github.com/stonechat-im/stonechat/"
	return src.docs[field{strings.TrimPrefix(t.PkgPath(), module), t.Name(), name}]
}

var (
	xepMark = regexp.MustCompile(`XEP-(\d{4})#([A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])`)
	rfcMark = regexp.MustCompile(`RFC (\d{4,5}) (§[\d.]+\d|§\d)((?:(?:, | and |–)§[\d.]*\d)*)`)
	section = regexp.MustCompile(`§[\d.]*\d`)
)

// marksIn finds the marks in the text of a comment. "RFC 6121 §8.5.1, §8.5.2" is two.
func marksIn(text string) []xmpptest.Mark {
	text = strings.Join(strings.Fields(text), " ")
	var out []xmpptest.Mark
	for _, m := range xepMark.FindAllStringSubmatch(text, -1) {
		out = append(out, xmpptest.Mark{Spec: "XEP-" + m[1], Section: m[2]})
	}
	for _, m := range rfcMark.FindAllStringSubmatch(text, -1) {
		for _, s := range section.FindAllString(m[2]+m[3], -1) {
			out = append(out, xmpptest.Mark{Spec: "RFC " + m[1], Section: s})
		}
	}
	return out
}

// readMarks notes the marks in the comments of a file, with the top-level declaration that each belongs to.
func (src *source) readMarks(name string, f *ast.File) {
	for _, group := range f.Comments {
		for _, m := range marksIn(group.Text()) {
			x := mark{m, name, owner(f, group)}
			if !slices.Contains(src.marks, x) {
				src.marks = append(src.marks, x)
			}
		}
	}
}

// owner names the declaration that a comment stands in or documents.
func owner(f *ast.File, c *ast.CommentGroup) string {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Doc == c || d.Pos() <= c.Pos() && c.End() <= d.End() {
				return receiver(d) + d.Name.Name
			}
		case *ast.GenDecl:
			if d.Doc != c && (c.Pos() < d.Pos() || d.End() < c.End()) {
				continue
			}
			for _, s := range d.Specs {
				ts, ok := s.(*ast.TypeSpec)
				if ok && (len(d.Specs) == 1 || ts.Doc == c || ts.Pos() <= c.Pos() && c.End() <= ts.End()) {
					return ts.Name.Name
				}
			}
		}
	}
	return ""
}

func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	name := ""
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name + "."
		}
		return name == ""
	})
	return name
}

// transcripts reads all transcripts below root.
func transcripts(root string) ([]play, error) {
	var out []play
	err := walk(root, ".xt", func(path, name string) error {
		f, err := xmpptest.ParseFile(path)
		if err == nil {
			out = append(out, play{name, f})
		}
		return err
	})
	return out, err
}

// play is a transcript and its name relative to the root.
type play struct {
	name string
	*xmpptest.File
}
