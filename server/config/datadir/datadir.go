// Package datadir is the layout of the data folder, and makes sure that one program at a time uses it.
//
//	stonechat.db    the database
//	tls/            self-made certificate
//	control.sock    where the running server takes orders, see server/control
//	folder.json     what the folder belongs to; written when the database has been made
//	lock            locked (flock) by the program that uses the folder; holds its process id
//
// The folder is for its owner alone (0700).
package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ErrInUse says that another program has the folder.
var ErrInUse = errors.New("is in use by another stonechat")

// ErrNoDatabase says that a folder that was in use has lost its database.
var ErrNoDatabase = errors.New("the database is missing")

// Path is a data folder that need not be open, or exist.
type Path string

// Database is the path of the database.
func (p Path) Database() string { return filepath.Join(string(p), "stonechat.db") }

// TLS is the folder of the self-made certificate.
func (p Path) TLS() string { return filepath.Join(string(p), "tls") }

// Socket is the path of the control socket.
func (p Path) Socket() string { return filepath.Join(string(p), "control.sock") }

func (p Path) about() string { return filepath.Join(string(p), "folder.json") }

// about is what folder.json holds.
type about struct {
	Version int    `json:"version"`          // of the layout
	Config  string `json:"config,omitempty"` // the configuration file that the folder was last served with
}

const version = 1

func (p Path) readAbout() (a about, err error) {
	text, err := os.ReadFile(p.about())
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(text, &a); err != nil {
		return a, fmt.Errorf("%s: %w", p.about(), err)
	}
	if a.Version > version {
		return a, fmt.Errorf("the data folder %s is from a newer version of stonechat", p)
	}
	return a, nil
}

// Config is the configuration file that the folder was last served with; "" for none.
func (p Path) Config() (string, error) {
	a, err := p.readAbout()
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return a.Config, err
}

// Dir is a data folder that this program alone uses.
type Dir struct {
	Path
	lock *os.File
}

// Open makes the folder where it is missing, and locks it. Errors: ErrInUse, ErrNoDatabase, those of the operating system.
func Open(p Path) (*Dir, error) {
	if err := os.MkdirAll(string(p), 0o700); err != nil {
		return nil, fmt.Errorf("the data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(string(p), "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the data folder: %w", err)
	}
	d := &Dir{p, f}
	if err := d.take(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := d.check(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return d, nil
}

// take locks the folder. The lock goes with the process, however it ends.
func (d *Dir) take() error {
	err := syscall.Flock(int(d.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		who := ""
		if pid, _ := io.ReadAll(io.LimitReader(d.lock, 20)); len(pid) > 0 {
			who = " (process " + strings.TrimSpace(string(pid)) + ")"
		}
		return fmt.Errorf("the data folder %s %w%s", d.Path, ErrInUse, who)
	}
	if err == nil {
		err = d.lock.Truncate(0)
	}
	if err == nil {
		_, err = d.lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		return fmt.Errorf("locking the data folder %s: %w", d.Path, err)
	}
	return nil
}

// check refuses a folder that was in use and has no database: going on would make an empty one, and everybody's accounts
// would seem to be gone.
func (d *Dir) check() error {
	if _, err := d.readAbout(); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	_, err := os.Stat(d.Database())
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s; put it back, or remove %s to begin with an empty one", ErrNoDatabase, d.Database(), d.about())
	}
	return err
}

// Remember notes that the database is there, and the configuration file that the folder is served with.
func (d *Dir) Remember(config string) error {
	want := about{Version: version, Config: config}
	if have, err := d.readAbout(); err == nil && have == want {
		return nil
	}
	text, err := json.Marshal(want)
	if err != nil {
		return err
	}
	if err := WriteFile(d.about(), append(text, '\n')); err != nil {
		return fmt.Errorf("the data folder: %w", err)
	}
	return nil
}

// Close lets others use the folder.
func (d *Dir) Close() error { return d.lock.Close() }

// WriteFile puts a file for its owner alone (0600) in place as a whole: whoever reads it sees the old one or the new one,
// after a power cut too.
func WriteFile(name string, text []byte) error {
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
