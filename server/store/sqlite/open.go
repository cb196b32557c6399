// Package sqlite is the storage driver for one SQLite file, the embedded
// default. The file is in WAL mode with synchronous=FULL: what is committed
// survives a power cut. Other processes may use the same file at the same
// time; a writer waits up to ten seconds for another.
//
// State: [database] has one connection for writing, used by the goroutine of
// store.New alone, and up to four for reading. Each shape has tables of its
// own, described in the folder schema. Start reading at Open.
package sqlite

import (
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/stonechat-im/stonechat/server/store"
)

//go:embed schema
var schema embed.FS

// magic marks the file as ours ("Ston"), so that the database of another
// program is refused and not written to.
const magic = 0x53746f6e

// Pragmas of all connections. The schema is not trusted to call functions with
// side effects, and pages are checked when they are read: the file may come
// from a backup that went through other hands.
var (
	common  = []string{"busy_timeout=10000", "trusted_schema=OFF", "cell_size_check=ON", "temp_store=MEMORY"}
	writing = append(slices.Clip(common), "synchronous=FULL", "cache_size=-2048", "journal_size_limit=67108864")
	reading = append(slices.Clip(common), "query_only=ON", "cache_size=-1024")
)

// Open opens the database file and creates it where it is missing: the file
// for its owner alone (0600), its folder too (0700). A file that is damaged or
// is no database of this program is left as it is. Errors: store.ErrCorrupt,
// store.ErrVersion, each with the path.
func Open(path string) (store.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := create(path); err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	w, err := connect(path, writing...)
	if err != nil {
		return nil, err
	}
	d := newDatabase(path, w)
	if err := d.start(); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return store.New(d), nil
}

// create makes the file ahead of the engine, which would let others read it,
// and would take a file shorter than its header for an empty one.
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	const header = "SQLite format 3\x00"
	b := make([]byte, len(header))
	switch n, err := io.ReadFull(f, b); {
	case err == io.EOF: // empty
	case err != nil && err != io.ErrUnexpectedEOF:
		return errors.Join(err, f.Close())
	case string(b[:n]) != header:
		return errors.Join(fmt.Errorf("%w: %s: this is no SQLite file", store.ErrCorrupt, path), f.Close())
	}
	return f.Close()
}

// start checks the file, brings its schema up to date and reads the list of shapes.
func (d *database) start() error {
	version, err := d.check()
	if err != nil {
		return err
	}
	// Changing the mode is a no-op when the file has it already.
	if err := d.w.run("PRAGMA journal_mode=WAL"); err != nil {
		return err
	}
	if err := d.migrate(version); err != nil {
		return err
	}
	shapes, err := readShapes(d.w)
	if err != nil {
		return err
	}
	d.publish(shapes)
	return nil
}

// check refuses files that are not ours. It returns the schema version, 0 for
// an empty file.
func (d *database) check() (version int64, err error) {
	id, err := d.w.number("PRAGMA application_id")
	if err != nil {
		return 0, err
	}
	if version, err = d.w.number("PRAGMA user_version"); err != nil {
		return 0, err
	}
	tables, err := d.w.number("SELECT count(*) FROM sqlite_schema")
	switch {
	case err != nil:
		return 0, err
	case id != magic && (id != 0 || version != 0 || tables != 0):
		return 0, fmt.Errorf("%w: %s: this is the database of another program", store.ErrCorrupt, d.path)
	}
	return version, nil
}

// migrate runs the numbered files of the schema that the file has not seen,
// each in a transaction with the number it leaves behind.
func (d *database) migrate(version int64) error {
	files, err := fs.Glob(schema, "schema/[0-9]*.sql")
	if err != nil {
		return err
	}
	if version > int64(len(files)) {
		return fmt.Errorf("%w: %s: schema %d, this program knows %d", store.ErrVersion, d.path, version, len(files))
	}
	for i, name := range files[version:] {
		if err := d.migrateTo(version+int64(i)+1, name); err != nil {
			return fmt.Errorf("migration %s: %w", name, err)
		}
	}
	return nil
}

func (d *database) migrateTo(version int64, name string) error {
	sql, err := schema.ReadFile(name)
	if err != nil {
		return err
	}
	if err := d.w.run("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	// Another process may have been faster.
	if now, err := d.w.number("PRAGMA user_version"); err != nil || now >= version {
		return errors.Join(err, d.w.run("ROLLBACK"))
	}
	for _, s := range []string{
		string(sql),
		"PRAGMA application_id=" + strconv.Itoa(magic),
		"PRAGMA user_version=" + strconv.FormatInt(version, 10),
		"COMMIT",
	} {
		if err := d.w.run(s); err != nil {
			return errors.Join(err, d.w.run("ROLLBACK"))
		}
	}
	return nil
}

// createTables runs one of the schema's templates for a shape.
func createTables(c *conn, template, name string) error {
	sql, err := schema.ReadFile("schema/" + template)
	if err != nil {
		return err
	}
	return c.run(strings.ReplaceAll(string(sql), "$", name))
}

func readShapes(c *conn) (all []store.Shape, err error) {
	err = c.query("SELECT name, kind, fulltext FROM shape ORDER BY name", func(v []driver.Value) {
		all = append(all, store.Shape{
			Name:     text(v[0]),
			Kind:     store.Kind(integer(v[1])),
			FullText: integer(v[2]) != 0,
		})
	})
	return all, err
}
