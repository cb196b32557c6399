package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/server/store/sqlite"
)

// childEnv makes the test binary the victim of TestKill.
const childEnv = "STONECHAT_STORE_VICTIM"

const crashOwners = 4

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		fmt.Fprintln(os.Stderr, victim(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

type crashShapes struct {
	last store.KV[int]
	seen store.Map[int]
	log  store.Log
}

func openCrashShapes(db store.DB) crashShapes {
	return crashShapes{
		store.OpenKV[int](db, "last"),
		store.OpenMap[int](db, "seen"),
		store.OpenLog(db, "log", store.LogOptions{FullText: true}),
	}
}

func crashOwner(i int) string { return fmt.Sprintf("servant%d@capulet.example", i) }

// victim writes until it is killed. Each write changes three shapes; when it
// is committed, a line on standard output says so.
func victim(path string) error {
	ctx := context.Background()
	db, err := sqlite.Open(path)
	if err != nil {
		return err
	}
	s := openCrashShapes(db)
	var next [crashOwners]int
	for o := range next {
		n, ok, err := s.last.Get(ctx, crashOwner(o))
		if err != nil {
			return err
		}
		if ok {
			next[o] = n + 1
		}
	}
	failed := make(chan error, 1)
	for {
		for o := range next {
			n := next[o]
			next[o]++
			commit := db.Go(func(tx store.Tx) error { return s.write(tx, crashOwner(o), n) })
			commit.OnDone(func(err error) {
				if err == nil {
					_, err = fmt.Printf("%d %d\n", o, n)
				}
				if err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			})
		}
		select {
		case err := <-failed:
			return err
		default:
		}
	}
}

func (s crashShapes) write(tx store.Tx, owner string, n int) error {
	it := benchItem(n)
	it.Text = "what light through yonder window breaks"
	if _, err := s.log.In(tx).Append(owner, it); err != nil {
		return err
	}
	if err := s.seen.In(tx).Put(owner, fmt.Sprint(n), n); err != nil {
		return err
	}
	return s.last.In(tx).Put(owner, n)
}

// What was acknowledged is there after kill -9, and each write is there wholly
// or not at all. The rounds go on with the same file.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector; runs without it")
	}
	path := filepath.Join(t.TempDir(), "stonechat.db")
	for round, acks := range []int{1, 150, 1500, 4000} {
		acked := runVictim(t, path, acks)
		db := reopen(t, path)
		s := openCrashShapes(db)
		for o, want := range acked {
			got := s.check(t, crashOwner(o))
			if got < want {
				t.Errorf("round %d: owner %d has writes to %d, but %d was acknowledged", round, o, got, want)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// runVictim kills the victim after so many acknowledgements and returns the
// last of each owner, -1 for none.
func runVictim(t *testing.T, path string, acks int) (acked [crashOwners]int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for o := range acked {
		acked[o] = -1
	}
	lines := bufio.NewScanner(out)
	n := 0
	for lines.Scan() { // to the end: what came before the kill counts
		var o, i int
		if _, err := fmt.Sscan(lines.Text(), &o, &i); err != nil {
			continue // the last line, cut off
		}
		acked[o] = max(acked[o], i)
		if n++; n == acks {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || n < acks {
		t.Fatalf("the victim ended by itself after %d writes: %v", n, err)
	}
	return acked
}

// check verifies that the three shapes of an owner agree, and returns the last
// write, -1 for none.
func (s crashShapes) check(t *testing.T, owner string) int {
	t.Helper()
	ctx := t.Context()
	last, ok, err := s.last.Get(ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		last = -1
	}
	seen, err := s.seen.Count(ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "light"} {
		p, err := s.log.Query(ctx, owner, store.Query{Limit: store.All, Text: text})
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Items) != last+1 || seen != last+1 {
			t.Fatalf("%s: last write %d, %d keys, %d items (text %q)", owner, last, seen, len(p.Items), text)
		}
		for i, it := range p.Items {
			if it.ID != benchItem(i).ID {
				t.Fatalf("%s: item %s in place %d", owner, it.ID, i)
			}
		}
	}
	return last
}
