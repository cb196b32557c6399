package config

import (
	"cmp"
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// decoder puts a tree of TOML values into Go values and collects what does not fit.
type decoder struct {
	file     string
	lines    lines
	problems Problems
}

func (d *decoder) problem(p path, format string, args ...any) {
	section, key := p.split()
	d.problems = append(d.problems, &Problem{d.file, d.lines.of(p), section, key, fmt.Sprintf(format, args...)})
}

// sorted returns the problems in the order of the file, or nil. What is wrong at the top is said once, not for each host.
func (d *decoder) sorted() error {
	if len(d.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(d.problems, func(a, b *Problem) int {
		return cmp.Or(a.Line-b.Line, cmp.Compare(a.Key, b.Key), cmp.Compare(a.Text, b.Text))
	})
	return slices.CompactFunc(d.problems, func(a, b *Problem) bool { return *a == *b })
}

// field is a key of a section and where its value goes.
type field struct {
	key   string
	value reflect.Value
}

// fields lists the keys of a struct in order. The fields of embedded structs are keys of the section itself.
func fields(v reflect.Value) []field {
	var all []field
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case f.Anonymous:
			all = append(all, fields(v.Field(i))...)
		case f.IsExported():
			all = append(all, field{KeyOf(f.Name), v.Field(i)})
		}
	}
	return all
}

// section fills a struct. Keys that it has no field for are problems, but for those that others read.
func (d *decoder) section(p path, v reflect.Value, table map[string]any, others ...string) {
	known := slices.Clone(others)
	for _, f := range fields(v) {
		known = append(known, f.key)
		if x, ok := table[f.key]; ok {
			d.value(p.add(f.key), f.value, x)
		}
	}
	for key := range table {
		if !slices.Contains(known, key) {
			d.problem(p.add(key), "unknown key%s", maybe(key, known))
		}
	}
}

// value fills v with x. What v held before, its default, is replaced as a whole; only sections are filled key by key.
func (d *decoder) value(p path, v reflect.Value, x any) {
	if t, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.text(p, t, v.Kind(), x)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if table, ok := x.(map[string]any); ok {
			d.section(p, v, table)
			return
		}
		d.expected(p, "a section", x)
	case reflect.Slice:
		d.list(p, v, x)
	case reflect.Map:
		d.table(p, v, x)
	case reflect.String:
		if s, ok := x.(string); ok {
			v.SetString(s)
			return
		}
		d.expected(p, "text in quotes", x)
	case reflect.Bool:
		if b, ok := x.(bool); ok {
			v.SetBool(b)
			return
		}
		d.expected(p, "true or false", x)
	default:
		d.number(p, v, x)
	}
}

// text hands a value to a type that reads itself. Those that are numbers in Go may be written as numbers.
func (d *decoder) text(p path, t encoding.TextUnmarshaler, kind reflect.Kind, x any) {
	s, ok := x.(string)
	if n, isInt := x.(int64); isInt && kind >= reflect.Int && kind <= reflect.Uint64 {
		s, ok = strconv.FormatInt(n, 10), true
	}
	if !ok {
		d.expected(p, "text in quotes", x)
		return
	}
	if err := t.UnmarshalText([]byte(s)); err != nil {
		d.problem(p, "%v", err)
	}
}

func (d *decoder) list(p path, v reflect.Value, x any) {
	list, ok := x.([]any)
	if !ok {
		d.expected(p, "a list in [brackets]", x)
		return
	}
	out := reflect.MakeSlice(v.Type(), len(list), len(list))
	for i, e := range list {
		d.value(p.index(i), out.Index(i), e)
	}
	v.Set(out)
}

func (d *decoder) table(p path, v reflect.Value, x any) {
	table, ok := x.(map[string]any)
	if !ok {
		d.expected(p, "a section", x)
		return
	}
	out := reflect.MakeMapWithSize(v.Type(), len(table))
	for key, e := range table {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(p.add(key), item, e)
		out.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), item)
	}
	v.Set(out)
}

func (d *decoder) number(p path, v reflect.Value, x any) {
	n, isInt := x.(int64)
	switch {
	case v.CanFloat():
		if f, ok := x.(float64); ok {
			v.SetFloat(f)
			return
		}
		if isInt {
			v.SetFloat(float64(n))
			return
		}
	case !isInt:
	case v.CanInt() && !v.OverflowInt(n):
		v.SetInt(n)
		return
	case v.CanUint() && n >= 0 && !v.OverflowUint(uint64(n)):
		v.SetUint(uint64(n))
		return
	case v.CanInt() || v.CanUint():
		d.problem(p, "the number %d is out of range", n)
		return
	}
	d.expected(p, "a number", x)
}

func (d *decoder) expected(p path, want string, found any) {
	d.problem(p, "expected %s, found %s", want, describe(found))
}

// describe names a value from the file, for messages.
func describe(x any) string {
	switch x := x.(type) {
	case string:
		return strconv.Quote(x)
	case bool, int64, float64:
		return fmt.Sprint(x)
	case []any:
		return "a list"
	case map[string]any:
		return "a section"
	case time.Time:
		return "a date"
	}
	return fmt.Sprint(x)
}
