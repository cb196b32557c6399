package bench

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadAccounts(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []Account
		bad        bool
	}{
		{"names and addresses", "romeo secret\njuliet@capulet.example\tother secret\n", []Account{{"romeo", "secret"}, {"juliet", "other secret"}}, false},
		{"comments and empty lines", "# the lovers\n\n  romeo   secret  \n", []Account{{"romeo", "secret"}}, false},
		{"no password", "romeo secret\njuliet\n", nil, true},
		{"nothing", "", nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := ReadAccounts(strings.NewReader(tc.text))
			if (err != nil) != tc.bad {
				t.Fatalf("error %v", err)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestNumberedAccounts(t *testing.T) {
	want := []Account{{"user0", "p0-0"}, {"user1", "p1-1"}}
	if d := cmp.Diff(want, NumberedAccounts("user", "p%d-%d", 2)); d != "" {
		t.Error(d)
	}
}

func TestContactsAreMutual(t *testing.T) {
	for _, tc := range []struct {
		name                 string
		users, contacts, got int
	}{
		{"many", 500, 20, 20},
		{"few users", 5, 20, 4},
		{"two", 2, 20, 0},
		{"odd", 9, 3, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := &load{cfg: Config{Contacts: tc.contacts}}
			has := make(map[[2]int]bool)
			for i := range tc.users {
				all := l.contacts(i, tc.users)
				if len(all) != tc.got {
					t.Fatalf("%d has %d contacts", i, len(all))
				}
				for _, j := range all {
					if i == j || has[[2]int{i, j}] {
						t.Errorf("%d has %d twice or is himself", i, j)
					}
					has[[2]int{i, j}] = true
				}
			}
			for p := range has {
				if !has[[2]int{p[1], p[0]}] {
					t.Errorf("%d has %d, but not the other way round", p[0], p[1])
				}
			}
		})
	}
}

func TestBlendKeepsShares(t *testing.T) {
	l := new(load)
	for _, n := range []int{3, 5} {
		g := &group{shares: 20 * n}
		for range n {
			g.lanes = append(g.lanes, &lane{group: g})
		}
		l.groups = append(l.groups, g)
	}
	count := make(map[*group]int)
	each := make(map[*lane]int)
	order := l.blend()
	for _, ln := range order {
		count[ln.group]++
		each[ln]++
	}
	if a, b := count[l.groups[0]], count[l.groups[1]]; max(a*5-b*3, b*3-a*5) > 8 { // no more than one stanza off
		t.Errorf("shares %d and %d in %d, want 3 to 5", a, b, len(order))
	}
	for _, g := range l.groups {
		for _, ln := range g.lanes {
			if n := each[ln] * len(g.lanes); n < count[g]-len(g.lanes) || n > count[g]+len(g.lanes) {
				t.Errorf("a lane has %d of %d turns", each[ln], count[g])
			}
		}
	}
}
