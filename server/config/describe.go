package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"github.com/stonechat-im/stonechat/server/kit"
)

// Key describes one key of the file, for the reference page. Its text is the doc comment of the field Field of the type
// Owner, which is found in the Go source.
type Key struct {
	Section string // "" for the top of the file; "host" for keys of hosts alone
	Name    string
	Type    string // for people: "text", "number", "size", "list of addresses", …
	Default string // as it is written in the file; "" for nothing
	Module  string // of module sections
	Owner   reflect.Type
	Field   string
}

// Describe lists every key that a file may have, in order: the top, its sections, then those of the modules.
func Describe(defs []kit.Def) []Key {
	t := defaults()
	keys := describeStruct("", "", reflect.ValueOf(t))
	for _, d := range defs {
		keys = append(keys, describeStruct(d.Name, d.Name, reflect.ValueOf(d.Defaults()))...)
	}
	return keys
}

func describeStruct(section, module string, v reflect.Value) []Key {
	var plain, below []Key
	for i := range v.NumField() {
		f, fv := v.Type().Field(i), v.Field(i)
		sub := strings.TrimPrefix(section+"."+KeyOf(f.Name), ".")
		switch {
		case f.Anonymous:
			plain = append(plain, describeStruct(section, module, fv)...)
		case !f.IsExported():
		case isSection(f.Type):
			below = append(below, describeStruct(sub, module, fv)...)
		case f.Type.Kind() == reflect.Slice && isSection(f.Type.Elem()):
			below = append(below, describeStruct(sub, module, reflect.Zero(f.Type.Elem()))...)
		default:
			plain = append(plain, Key{section, KeyOf(f.Name), typeName(f.Type), written(fv), module, v.Type(), f.Name})
		}
	}
	return append(plain, below...)
}

func readsItself(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func isSection(t reflect.Type) bool { return t.Kind() == reflect.Struct && !readsItself(t) }

// typeName names a type for people.
func typeName(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[kit.Duration]():
		return "time span"
	case t == reflect.TypeFor[kit.Size]():
		return "size"
	case readsItself(t) && t.Name() != "Bare" && t.Name() != "JID":
		return strings.ToLower(t.Name())
	case readsItself(t):
		return "address"
	}
	switch t.Kind() {
	case reflect.Slice:
		return "list of " + typeName(t.Elem())
	case reflect.Map:
		return "section of " + typeName(t.Elem())
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	}
	return "number"
}

// written is a value as the file would have it.
func written(v reflect.Value) string {
	if t, ok := v.Interface().(encoding.TextMarshaler); ok {
		b, err := t.MarshalText()
		if err != nil || len(b) == 0 {
			return ""
		}
		return fmt.Sprintf("%q", b)
	}
	switch v.Kind() {
	case reflect.Slice:
		all := make([]string, v.Len())
		for i := range all {
			all[i] = written(v.Index(i))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case reflect.String:
		return fmt.Sprintf("%q", v.String())
	case reflect.Map:
		return ""
	}
	return fmt.Sprint(v.Interface())
}
