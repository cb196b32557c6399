package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"

	engine "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/stonechat-im/stonechat/server/store"
)

// conn is one connection with its prepared statements. It uses the engine's
// driver without database/sql: the store has a writer and a pool of its own.
// Measured against it: inserts are equal, a look-up in a transaction takes half
// the time. One goroutine at a time.
type conn struct {
	raw   driver.Conn
	stmts map[string]statement
	path  string // for errors
}

// statement is the part of driver.Stmt that conn uses: without contexts, since
// each watched context costs a goroutine per statement.
type statement interface {
	Exec(args []driver.Value) (driver.Result, error)
	Query(args []driver.Value) (driver.Rows, error)
	Close() error
}

// connect opens the file, which must exist, and runs the pragmas.
func connect(path string, pragmas ...string) (*conn, error) {
	// The URI form, for a path may contain a question mark.
	raw, err := new(engine.Driver).Open("file:" + (&url.URL{Path: path}).EscapedPath() + "?mode=rw")
	c := &conn{raw, map[string]statement{}, path}
	if err != nil {
		return nil, c.explain(err)
	}
	for _, p := range pragmas {
		if err := c.run("PRAGMA " + p); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

func (c *conn) prepare(sql string) (statement, error) {
	if s, ok := c.stmts[sql]; ok {
		return s, nil
	}
	s, err := c.raw.Prepare(sql)
	if err != nil {
		return nil, c.explain(err)
	}
	c.stmts[sql] = s
	return s, nil
}

// run executes statements that are not worth keeping.
func (c *conn) run(sql string) error {
	s, err := c.raw.Prepare(sql)
	if err != nil {
		return c.explain(err)
	}
	_, err = statement(s).Exec(nil)
	return c.explain(errors.Join(err, s.Close()))
}

// exec executes a statement that changes rows and returns how many, and the
// row id of an INSERT.
func (c *conn) exec(sql string, args ...driver.Value) (rows int, id int64, err error) {
	s, err := c.prepare(sql)
	if err != nil {
		return 0, 0, err
	}
	r, err := s.Exec(args)
	if err != nil {
		return 0, 0, c.explain(err)
	}
	n, _ := r.RowsAffected()
	id, _ = r.LastInsertId()
	return int(n), id, nil
}

// query calls row for every row of the answer. The values are the caller's to
// keep; the slice is not.
func (c *conn) query(sql string, row func([]driver.Value), args ...driver.Value) (err error) {
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	rows, err := s.Query(args)
	if err != nil {
		return c.explain(err)
	}
	defer func() { err = errors.Join(err, c.explain(rows.Close())) }()
	vals := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(vals); {
		case err == io.EOF:
			return nil
		case err != nil:
			return c.explain(err)
		}
		row(vals)
	}
}

// number returns the single integer that a query answers with.
func (c *conn) number(sql string, args ...driver.Value) (n int64, err error) {
	err = c.query(sql, func(v []driver.Value) { n = integer(v[0]) }, args...)
	return n, err
}

func (c *conn) close() error {
	for _, s := range c.stmts {
		s.Close()
	}
	return c.raw.Close()
}

// explain gives the engine's error codes the store's names.
func (c *conn) explain(err error) error {
	var e *engine.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_FULL, codes.SQLITE_IOERR:
		return fmt.Errorf("%w: %s: %w", store.ErrFull, c.path, err)
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		return fmt.Errorf("%w: %s: %w", store.ErrCorrupt, c.path, err)
	}
	return fmt.Errorf("%s: %w", c.path, err)
}

// fatal tells whether a statement's error may have ended the transaction.
func fatal(err error) bool {
	var e *engine.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_ERROR, codes.SQLITE_CONSTRAINT, codes.SQLITE_TOOBIG, codes.SQLITE_MISMATCH, codes.SQLITE_RANGE:
		return false
	}
	return true
}

// constraint tells whether err is a violated uniqueness.
func constraint(err error) bool {
	var e *engine.Error
	return errors.As(err, &e) && e.Code()&0xff == codes.SQLITE_CONSTRAINT
}

func integer(v driver.Value) int64 { n, _ := v.(int64); return n }
func text(v driver.Value) string   { s, _ := v.(string); return s }
func blob(v driver.Value) []byte   { b, _ := v.([]byte); return b }
