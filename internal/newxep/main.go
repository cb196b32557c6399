// Newxep starts the work on an extension: the payload in xep/NAME, the module in server/mod/NAME, a test and a transcript
// for each, and the one line in server/mod/all. What it writes compiles and passes, and answers with a payload that has
// nothing in it. From the top of the repository:
//
//	go run ./internal/newxep 191 blocking -title "Blocking Command" -version 1.3 -ns urn:xmpp:blocking
//
// It never writes over a file. Start reading at generate.
package main

import (
	"bytes"
	"embed"
	"errors"
	"flag"
	"fmt"
	"go/format"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"text/template"
)

//go:embed templates
var templates embed.FS

// allGo is the file with the list of modules.
const allGo = "server/mod/all/all.go"

// Extension is what the templates are filled with.
type Extension struct {
	XEP     int
	Name    string // of the folders and packages
	Title   string
	Version string // of the text that was read
	NS      string
}

// Number is the number as it is written.
func (x Extension) Number() string { return fmt.Sprintf("XEP-%04d", x.XEP) }

func main() {
	if err := run(os.Args[1:], ".", os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "newxep:", err)
		os.Exit(1)
	}
}

// run writes the files of an extension below root.
func run(args []string, root string, say io.Writer) error {
	x, err := parse(args)
	if err != nil {
		return err
	}
	all, err := os.ReadFile(filepath.Join(root, allGo))
	if err != nil {
		return fmt.Errorf("run this at the top of the repository: %w", err)
	}
	files, err := generate(x, all)
	if err != nil {
		return err
	}
	for name := range files {
		if _, err := os.Stat(filepath.Join(root, name)); err == nil && name != allGo {
			return fmt.Errorf("%s is there already", name)
		}
	}
	for name, b := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(say, "Next: read the XEP, write xep/%[1]s and its golden table, then the transcripts in server/mod/%[1]s/testdata,\n"+
		"then server/mod/%[1]s; go run ./internal/docgen at the end. docs/add-a-xep.md walks through it.\n", x.Name)
	return err
}

var name = regexp.MustCompile(`^[a-z][a-z0-9]*$`)

func parse(args []string) (Extension, error) {
	var x Extension
	if len(args) < 2 {
		return x, errors.New("usage: newxep NUMBER NAME -title TITLE -version VERSION -ns NAMESPACE")
	}
	var err error
	if x.XEP, err = strconv.Atoi(args[0]); err != nil || x.XEP < 1 || x.XEP > 9999 {
		return x, fmt.Errorf("%q is not the number of a XEP", args[0])
	}
	if x.Name = args[1]; !name.MatchString(x.Name) {
		return x, fmt.Errorf("%q is no name of a package: use small letters and digits", x.Name)
	}
	fs := flag.NewFlagSet("newxep", flag.ContinueOnError)
	fs.StringVar(&x.Title, "title", "", "title of the XEP")
	fs.StringVar(&x.Version, "version", "", "its version")
	fs.StringVar(&x.NS, "ns", "", "its namespace")
	if err := fs.Parse(args[2:]); err != nil {
		return x, err
	}
	if x.Title == "" || x.Version == "" || x.NS == "" {
		return x, errors.New("-title, -version and -ns are needed")
	}
	return x, nil
}

// generate makes the files of an extension, by name. all is the present list of modules.
func generate(x Extension, all []byte) (map[string][]byte, error) {
	out := make(map[string][]byte)
	for tmpl, file := range map[string]string{
		"xep.go.tmpl":      "xep/NAME/NAME.go",
		"xep_test.go.tmpl": "xep/NAME/NAME_test.go",
		"mod.go.tmpl":      "server/mod/NAME/NAME.go",
		"mod_test.go.tmpl": "server/mod/NAME/NAME_test.go",
		"mod.xt.tmpl":      "server/mod/NAME/testdata/NAME.xt",
	} {
		t, err := template.ParseFS(templates, "templates/"+tmpl)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if err := t.Execute(&b, x); err != nil {
			return nil, err
		}
		text := b.Bytes()
		if strings.HasSuffix(file, ".go") {
			if text, err = format.Source(text); err != nil {
				return nil, fmt.Errorf("%s: %w", tmpl, err)
			}
		}
		out[strings.ReplaceAll(file, "NAME", x.Name)] = text
	}
	var err error
	out[allGo], err = list(x.Name, string(all))
	return out, err
}

// list adds a module to the list of all, at its end: nothing needs it yet.
func list(name, all string) ([]byte, error) {
	const pkg = "github.com/stonechat-im/stonechat/server/"
	if strings.Contains(all, "\t\t"+name+".Def,") {
		return nil, fmt.Errorf("%s has the module %s already", allGo, name)
	}
	withImport := strings.Replace(all, "\n\t\""+pkg+"kit\"\n", "\n\t\""+pkg+"kit\"\n\t\""+pkg+"mod/"+name+"\"\n", 1)
	end := strings.LastIndex(withImport, "\n\t}\n}")
	if withImport == all || end < 0 {
		return nil, fmt.Errorf("%s does not look as expected", allGo)
	}
	return format.Source([]byte(withImport[:end] + "\n\t\t" + name + ".Def," + withImport[end:]))
}
