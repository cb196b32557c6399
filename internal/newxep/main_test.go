package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

var args = []string{"9999", "swordplay", "-title", "Sword Play", "-version", "0.1", "-ns", "urn:example:swordplay"}

// TestScaffold lays a new extension over the repository without writing to it, and has its tests compiled and run.
func TestScaffold(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the server")
	}
	dir := t.TempDir()
	all, err := os.ReadFile(filepath.Join(root, allGo))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, allGo), all)
	if err := run(args, dir, io.Discard); err != nil {
		t.Fatal(err)
	}
	overlay := lay(t, dir)
	for _, pkg := range []string{"xep/swordplay", "server/mod/swordplay"} {
		t.Run(pkg, func(t *testing.T) {
			bin := filepath.Join(dir, "scaffold.test")
			goTool(t, root, "test", "-c", "-vet=off", "-o", bin, "-overlay", overlay, "./"+pkg)
			cmd := exec.Command(bin)
			cmd.Dir = filepath.Join(dir, pkg)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// lay writes an overlay file that shows the files of dir inside the repository.
func lay(t *testing.T, dir string) string {
	t.Helper()
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	replace := make(map[string]string)
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		replace[filepath.Join(top, rel)] = path
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	write(t, overlay, b)
	return overlay
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func goTool(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestNeverWritesOver(t *testing.T) {
	dir := t.TempDir()
	all, err := os.ReadFile(filepath.Join(root, allGo))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, allGo), all)
	write(t, filepath.Join(dir, "xep/swordplay/swordplay.go"), []byte("precious"))
	if err := run(args, dir, io.Discard); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "server/mod/swordplay")); err == nil {
		t.Error("half of the files were written")
	}
}

func TestArguments(t *testing.T) {
	for _, c := range []struct{ name, args, want string }{
		{"none", "", "usage"},
		{"number", "x blocking", "not the number"},
		{"name", "191 Blocking", "no name of a package"},
		{"flags", "191 blocking -title T", "are needed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := parse(strings.Fields(c.args)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v", err)
			}
		})
	}
}
