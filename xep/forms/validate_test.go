package forms_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/xep/forms"
)

func TestValidate(t *testing.T) {
	lists := []forms.Option{{Value: "rapier"}, {Value: "dagger"}}
	for _, c := range []struct {
		name  string
		asked forms.Field
		in    []string
		want  []string
		wrong string
	}{
		{"absent", forms.Field{Type: forms.TextSingle}, nil, nil, ""},
		{"absent and required", forms.Field{Type: forms.TextSingle, Required: true}, nil, nil, "is required"},
		{"empty and required", forms.Field{Type: forms.TextPrivate, Required: true}, []string{""}, nil, "is required"},
		{"empty", forms.Field{Type: forms.TextSingle}, []string{""}, []string{""}, ""},
		{"line", forms.Field{Type: forms.TextSingle}, []string{"a b"}, []string{"a b"}, ""},
		{"two lines in one", forms.Field{Type: forms.TextSingle}, []string{"a\nb"}, nil, "takes one line"},
		{"two values", forms.Field{Type: forms.TextPrivate}, []string{"a", "b"}, nil, "takes one line"},
		{"unknown type is text", forms.Field{Type: "sonnet"}, []string{"a", "b"}, nil, "takes one line"},
		{"lines", forms.Field{Type: forms.TextMulti}, []string{"a\nb\r\nc", "d"}, []string{"a", "b", "c", "d"}, ""},
		{"true", forms.Field{Type: forms.Boolean}, []string{"true"}, []string{"1"}, ""},
		{"0", forms.Field{Type: forms.Boolean}, []string{"0"}, []string{"0"}, ""},
		{"yes", forms.Field{Type: forms.Boolean}, []string{"yes"}, nil, "is neither true nor false"},
		{"true and false", forms.Field{Type: forms.Boolean}, []string{"1", "0"}, nil, "takes one value"},
		{"address", forms.Field{Type: forms.JIDSingle}, []string{"ROMEO@Montague.Example/Orchard"}, []string{"romeo@montague.example/Orchard"}, ""},
		{"no address", forms.Field{Type: forms.JIDSingle}, []string{"@"}, nil, "is no address"},
		{"empty address", forms.Field{Type: forms.JIDSingle}, []string{""}, nil, ""},
		{"empty address, required", forms.Field{Type: forms.JIDSingle, Required: true}, []string{""}, nil, "is required"},
		{"two addresses", forms.Field{Type: forms.JIDSingle}, []string{"a.example", "b.example"}, nil, "takes one value"},
		{"addresses", forms.Field{Type: forms.JIDMulti}, []string{"b.example", "A.example", "a.EXAMPLE"}, []string{"b.example", "a.example"}, ""},
		{"one bad address", forms.Field{Type: forms.JIDMulti}, []string{"b.example", "/"}, nil, "is no address"},
		{"choice", forms.Field{Type: forms.ListSingle, Options: lists}, []string{"dagger"}, []string{"dagger"}, ""},
		{"no choice", forms.Field{Type: forms.ListSingle, Options: lists}, []string{"poison"}, nil, "is none of the choices"},
		{"two choices", forms.Field{Type: forms.ListSingle, Options: lists}, []string{"dagger", "rapier"}, nil, "takes one value"},
		{"choices", forms.Field{Type: forms.ListMulti, Options: lists}, []string{"rapier", "dagger", "rapier"}, []string{"rapier", "dagger"}, ""},
		{"one bad choice", forms.Field{Type: forms.ListMulti, Options: lists}, []string{"rapier", "poison"}, nil, "is none of the choices"},
		{"hidden", forms.Field{Type: forms.Hidden, Values: []string{"a"}}, []string{"b"}, []string{"b"}, ""},
		{"fixed", forms.Field{Type: forms.Fixed, Values: []string{"a"}}, []string{"b"}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.asked.Var = "x"
			in := &forms.Form{Type: forms.Submit, Fields: []forms.Field{{Var: "x", Values: c.in}, {Var: "unasked", Values: []string{"y"}}}}
			got, err := (&forms.Form{Fields: []forms.Field{c.asked}}).Validate(in)
			if c.wrong != "" {
				var fe *forms.FieldError
				if !errors.As(err, &fe) || *fe != (forms.FieldError{Var: "x", Text: c.wrong}) {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got.Values("x")); d != "" {
				t.Error(d)
			}
			if got.Field("unasked") != nil {
				t.Error("a field that nobody asked for was kept")
			}
		})
	}
}

func TestValidateForm(t *testing.T) {
	asked := forms.New(forms.Ask, "urn:example:duel").Add(forms.Field{Var: "who", Type: forms.JIDSingle})
	for name, in := range map[string]*forms.Form{
		"nothing":     nil,
		"no type":     {Type: forms.Submit},
		"right type":  forms.New(forms.Submit, "urn:example:duel"),
		"other field": {Type: forms.Submit, Fields: []forms.Field{{Var: "what", Values: []string{"x"}}}},
	} {
		if _, err := asked.Validate(in); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := asked.Validate(forms.New(forms.Submit, "urn:example:ball")); err == nil {
		t.Error("a form of another FORM_TYPE was taken")
	}
}
