package muc

import (
	"context"
	"slices"
	"strconv"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// setting is one field of the configuration form (XEP-0045#registrar-formtype-owner). Field.Values is the default.
type setting struct {
	forms.Field
	show  func(r *Room) []string       // for what is kept elsewhere than in the record
	check func(values []string) string // what is wrong with values, beyond their type; empty for nothing
}

// offer adds a setting.
func (m *module) offer(s setting) { m.settings = append(m.settings, s) }

// flag is a setting that is on or off.
type flag string

func (f flag) of(r *Room) bool { return first(r.record.Settings[string(f)]) == "1" }

// text is a setting with one value.
type text string

func (t text) of(r *Room) string { return first(r.record.Settings[string(t)]) }

// number is a setting that is a number; zero where it is none.
type number string

func (n number) of(r *Room) int {
	v, _ := strconv.Atoi(first(r.record.Settings[string(n)]))
	return v
}

// list is a setting with several values.
type list string

func (l list) has(r *Room, v string) bool { return slices.Contains(r.record.Settings[string(l)], v) }

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// offerFlag adds a setting that is on or off.
func (m *module) offerFlag(f flag, label string, def bool) {
	m.offer(setting{Field: forms.Field{Var: string(f), Type: forms.Boolean, Label: label, Values: forms.BoolValue(def)}})
}

// show returns what the form shows of a setting.
func (s *setting) valuesOf(r *Room) []string {
	if s.show != nil {
		return s.show(r)
	}
	return r.record.Settings[s.Var]
}

// wholeNumber is a check for numbers from least to most.
func wholeNumber(least, most int) func([]string) string {
	return func(values []string) string {
		n, err := strconv.Atoi(first(values))
		if err != nil || n < least || n > most {
			return "is no whole number from " + strconv.Itoa(least) + " to " + strconv.Itoa(most)
		}
		return ""
	}
}

// shorterThan is a check for texts.
func shorterThan(most int) func([]string) string {
	return func(values []string) string {
		n := 0
		for _, v := range values {
			n += len(v)
		}
		if n > most {
			return "is longer than " + strconv.Itoa(most) + " bytes"
		}
		return ""
	}
}

func ignoringContext[E any](f func(ev *E) error) hook.Func[E] {
	return func(_ context.Context, ev *E) error { return f(ev) }
}
