package proc

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	for _, tc := range []struct {
		name, line string
		parent     int
		cpu        time.Duration
		bad        bool
	}{
		{"plain", "7 (romeo) S 3 7 7 0 -1 4194560 1 2 3 4 150 50 9 9 20 0 1 0", 3, 2 * time.Second, false},
		{"spaces and parentheses in the name", "7 (a) b (c) R 1 7 7 0 -1 0 0 0 0 0 1 0 0 0 20 0 1 0", 1, 10 * time.Millisecond, false},
		{"cut off", "7 (romeo) S 3 7", 0, 0, true},
		{"empty", "", 0, 0, true},
		{"no number", "7 (romeo) S 3 7 7 0 -1 4194560 1 2 3 4 x 50 9", 3, 500 * time.Millisecond, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			parent, cpu, err := parseStat(tc.line)
			if (err != nil) != tc.bad {
				t.Fatalf("error %v", err)
			}
			if !tc.bad && (parent != tc.parent || cpu != tc.cpu) {
				t.Errorf("parent %d, %v", parent, cpu)
			}
		})
	}
}

func TestReadMyself(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc here")
	}
	before, err := Read(os.Getpid(), false)
	if err != nil {
		t.Fatal(err)
	}
	if before.RSS < 1<<20 {
		t.Errorf("%d bytes resident", before.RSS)
	}
	for {
		now, err := Read(os.Getpid(), false)
		if err != nil {
			t.Fatal(err)
		}
		if now.CPU > before.CPU {
			break // the loop itself has used a tick
		}
	}
}

func TestReadChildren(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc here")
	}
	cat := exec.Command("cat")
	in, err := cat.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cat.Start(); err != nil {
		t.Skip(err)
	}
	defer func() { _ = in.Close(); _ = cat.Wait() }()
	parents, err := parents()
	if err != nil {
		t.Fatal(err)
	}
	if !descends(parents, cat.Process.Pid, os.Getpid()) {
		t.Error("the child is not found")
	}
	if descends(parents, os.Getpid(), cat.Process.Pid) {
		t.Error("the parent is taken for a child")
	}
}

func TestReadNobody(t *testing.T) {
	if _, err := Read(1<<30, true); err == nil {
		t.Error("a process that cannot exist was read")
	}
}
