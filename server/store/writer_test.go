package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stonechat-im/stonechat/server/store"
)

// failing is a driver whose steps fail on demand.
type failing struct {
	store.Tx
	begin, mark, undo, commit error
	log                       []string
}

func (f *failing) note(s string, err error) error {
	if err != nil {
		s += "!"
	}
	f.log = append(f.log, s)
	return err
}

func (f *failing) View(_ context.Context, fn func(store.Tx) error) error { return fn(f) }
func (f *failing) Begin() (store.Tx, error)                              { return f, f.note("begin", f.begin) }
func (f *failing) Mark(single bool) error                                { return f.note("mark", f.mark) }
func (f *failing) Undo() error                                           { return f.note("undo", f.undo) }
func (f *failing) Commit() (int, error)                                  { return 1, f.note("commit", f.commit) }
func (f *failing) Rollback()                                             { _ = f.note("rollback", nil) }
func (f *failing) Close() error                                          { return f.note("close", nil) }

func TestBatchThatIsLost(t *testing.T) {
	broken, own := errors.New("broken"), errors.New("own")
	for _, c := range []struct {
		name     string
		driver   failing
		fn       error
		want     error
		wantLog  string
		wantFail uint64
	}{
		{"nothing fails", failing{}, nil, nil, "begin mark commit close", 0},
		{"function fails", failing{}, own, own, "begin mark undo commit close", 0},
		{"begin fails", failing{begin: broken}, nil, broken, "begin! rollback close", 1},
		{"mark fails", failing{mark: broken}, nil, broken, "begin mark! rollback close", 1},
		{"undo fails", failing{undo: broken}, own, broken, "begin mark undo! rollback close", 1},
		{"commit fails", failing{commit: broken}, nil, broken, "begin mark commit! rollback close", 1},
		{"commit fails after the function", failing{commit: broken}, own, broken, "begin mark undo commit! rollback close", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := store.New(&c.driver)
			if err := db.Update(t.Context(), func(store.Tx) error { return c.fn }); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if err := db.Sync(t.Context()); err != nil { // touches no transaction
				t.Error(err)
			}
			if got := db.Stats().Failed; got != c.wantFail {
				t.Errorf("%d batches failed, want %d", got, c.wantFail)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			got := ""
			for _, s := range c.driver.log {
				got += " " + s
			}
			if got != " "+c.wantLog {
				t.Errorf("calls%s, want %s", got, c.wantLog)
			}
		})
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                 nil,
		" ,.! ":            nil,
		"But, SOFT! what3": {"but", "soft", "what3"},
		"Ärger/été":        {"ärger", "été"},
		"e\u0301te\u0301":  {"e\u0301te\u0301"},
		"a\x00b":           {"a", "b"},
	} {
		got := store.Words(text)
		if len(got) != len(want) {
			t.Errorf("%q: %q", text, got)
			continue
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%q: %q", text, got)
			}
		}
	}
}

func TestKindString(t *testing.T) {
	for k, want := range map[store.Kind]string{
		store.KindKV: "kv", store.KindMap: "map", store.KindLog: "log", 9: "kind 9",
	} {
		if got := k.String(); got != want {
			t.Errorf("%d: %q", uint8(k), got)
		}
	}
}
