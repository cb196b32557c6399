// Docgen writes the pages that are made from the code, so that they say what is there: docs/xeps.md and doap.xml from what
// modules declare and transcripts prove, docs/config.md and the example configuration from the comments of Config types,
// docs/hooks.md from a server that is really put together, docs/spec-index.md from the marks in comments. Its test fails
// when a page is not what would be written now. From the top of the repository:
//
//	go run ./internal/docgen
//
// Start reading at generate; each page has a file of its own.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	pages, err := generate(context.Background(), ".")
	for name, text := range pages {
		if err == nil {
			err = os.WriteFile(filepath.FromSlash(name), text, 0o644)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

// notice is the first line of what is generated.
const notice = "Written by go run ./internal/docgen; do not edit."

// generate makes all pages of the repository at root, by file name.
func generate(ctx context.Context, root string) (map[string][]byte, error) {
	src, err := readSource(root)
	if err != nil {
		return nil, err
	}
	plays, err := transcripts(root)
	if err != nil {
		return nil, err
	}
	realm, stop, err := build(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	rows, err := collect(plays)
	if err != nil {
		return nil, err
	}
	keys, err := configKeys(src)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		"docs/xeps.md":                xepsPage(rows),
		"doap.xml":                    doap(rows),
		"docs/config.md":              configPage(keys),
		"docs/stonechat.example.toml": exampleConfig(keys),
		"docs/hooks.md":               hooksPage(realm),
		"docs/spec-index.md":          indexPage(src.marks, plays),
	}, nil
}
