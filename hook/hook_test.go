package hook_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stonechat-im/stonechat/hook"
)

type event struct{ seen []string }

func see(name string, err error) hook.Func[event] {
	return func(_ context.Context, e *event) error {
		e.seen = append(e.seen, name)
		return err
	}
}

func TestChainOrderAndErrors(t *testing.T) {
	boom := errors.New("boom")
	for _, tc := range []struct {
		name   string
		add    func(*hook.Chain[event])
		want   []string
		err    error
		copies int
	}{
		{"phases before order of addition", func(c *hook.Chain[event]) {
			c.Add("d", hook.Deliver, see("d", nil))
			c.Add("g1", hook.Guard, see("g1", nil))
			c.Add("g2", hook.Guard, see("g2", nil))
			c.Add("a", hook.Archive, see("a", nil))
		}, []string{"g1", "g2", "a", "d"}, nil, 0},
		{"a guard that fails ends the chain", func(c *hook.Chain[event]) {
			c.Add("g", hook.Guard, see("g", boom))
			c.Add("d", hook.Deliver, see("d", nil))
		}, []string{"g"}, boom, 0},
		{"a failed copy is reported and the chain goes on", func(c *hook.Chain[event]) {
			c.Add("c", hook.Copy, see("c", boom))
			c.Add("d", hook.Deliver, see("d", nil))
		}, []string{"c", "d"}, nil, 1},
		{"stop ends the chain", func(c *hook.Chain[event]) {
			c.Add("c", hook.Copy, see("c", hook.Stop))
			c.Add("d", hook.Deliver, see("d", nil))
		}, []string{"c"}, hook.Stop, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var c hook.Chain[event]
			tc.add(&c)
			copies := 0
			c.Freeze(func(string, error) { copies++ })
			var e event
			if err := c.Run(t.Context(), &e); !errors.Is(err, tc.err) {
				t.Errorf("error %v, want %v", err, tc.err)
			}
			if !slices.Equal(e.seen, tc.want) {
				t.Errorf("ran %v, want %v", e.seen, tc.want)
			}
			if copies != tc.copies {
				t.Errorf("%d failed copies reported, want %d", copies, tc.copies)
			}
		})
	}
}

func TestNothingIsAddedAfterFreeze(t *testing.T) {
	var c hook.Chain[event]
	c.Freeze(nil)
	defer func() {
		if recover() == nil {
			t.Error("a late handler was taken")
		}
	}()
	c.Add("late", hook.Guard, see("late", nil))
}

func TestRunDoesNotAllocate(t *testing.T) {
	var c hook.Chain[event]
	for i := range 5 {
		c.Add(fmt.Sprint(i), hook.Guard, func(context.Context, *event) error { return nil })
	}
	c.Freeze(nil)
	ctx, e := t.Context(), new(event)
	if n := testing.AllocsPerRun(100, func() { _ = c.Run(ctx, e) }); n != 0 {
		t.Errorf("%v allocations a run, want 0", n)
	}
}

func BenchmarkFiveHandlers(b *testing.B) {
	var c hook.Chain[event]
	for i := range 5 {
		c.Add(fmt.Sprint(i), hook.Guard, func(context.Context, *event) error { return nil })
	}
	c.Freeze(nil)
	ctx, e := b.Context(), new(event)
	b.ReportAllocs()
	for b.Loop() {
		_ = c.Run(ctx, e)
	}
}

func ExampleChain() {
	type greeting struct{ text string }
	var c hook.Chain[greeting]
	c.Add("shout", hook.Rewrite, func(_ context.Context, g *greeting) error { g.text += "!"; return nil })
	c.Add("polite", hook.Guard, func(_ context.Context, g *greeting) error {
		if g.text == "" {
			return errors.New("say something")
		}
		return nil
	})
	c.Freeze(nil)
	g := greeting{"hail"}
	fmt.Println(c.Run(context.Background(), &g), g.text)
	fmt.Println(c.Run(context.Background(), &greeting{}))
	// Output:
	// <nil> hail!
	// say something
}
