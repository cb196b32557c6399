package datadir

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func open(t *testing.T, p Path) *Dir {
	t.Helper()
	d, err := Open(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestOneAtATime(t *testing.T) {
	p := Path(filepath.Join(t.TempDir(), "new", "folder"))
	d := open(t, p)
	if info, err := os.Stat(string(p)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	_, err := Open(p)
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Errorf("second program: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, p)
}

func TestLostDatabase(t *testing.T) {
	p := Path(t.TempDir())
	d := open(t, p)
	if err := os.WriteFile(p.Database(), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Remember("/etc/stonechat.toml"); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Config(); got != "/etc/stonechat.toml" || err != nil {
		t.Errorf("Config: %q, %v", got, err)
	}
	_ = d.Close()
	d = open(t, p)
	_ = d.Close()
	if err := os.Remove(p.Database()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(p); !errors.Is(err, ErrNoDatabase) || !strings.Contains(err.Error(), p.Database()) {
		t.Errorf("without its database: %v", err)
	}
	if err := os.Remove(p.about()); err != nil {
		t.Fatal(err)
	}
	open(t, p)
}

func TestFolderOfANewerVersion(t *testing.T) {
	p := Path(t.TempDir())
	if err := os.WriteFile(p.about(), []byte(`{"version":2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(p); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("error %v", err)
	}
}

func TestNothingKnown(t *testing.T) {
	p := Path(filepath.Join(t.TempDir(), "none"))
	if c, err := p.Config(); c != "" || err != nil {
		t.Errorf("%q, %v", c, err)
	}
	if _, err := os.Stat(string(p)); !errors.Is(err, os.ErrNotExist) {
		t.Error("looking made the folder")
	}
}

func TestWriteFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	for _, text := range []string{"one", "another"} {
		if err := WriteFile(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(name)
		if err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	all, _ := os.ReadDir(filepath.Dir(name))
	if len(all) != 1 {
		t.Errorf("left behind: %v", all)
	}
	if err := WriteFile(filepath.Join(name, "below"), nil); err == nil {
		t.Error("wrote below a file")
	}
}
