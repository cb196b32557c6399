package forms

import (
	"slices"
	"strings"

	"github.com/stonechat-im/stonechat/jid"
)

// FieldError says what is wrong with one field of a submitted form.
type FieldError struct {
	Var  string
	Text string // for people
}

func (e *FieldError) Error() string { return e.Var + ": " + e.Text }

// Validate checks what was submitted against the form that asked for it (XEP-0004#protocol-fieldtypes). It returns the
// submission in normal form: of the fields that were asked for those that have a value, in the order of the form, with
// booleans as 0 and 1, addresses in normal form, repeated choices and addresses once, and texts split into lines. Fields
// that nobody asked for are left out (XEP-0004#protocol-formtypes). in may be nil, which is an empty submission. Errors are
// of type *FieldError.
func (f *Form) Validate(in *Form) (*Form, error) {
	out := &Form{Type: Submit}
	for i := range f.Fields {
		asked := &f.Fields[i]
		if asked.Type == Fixed || asked.Var == "" {
			continue
		}
		values, text := asked.check(in.Values(asked.Var))
		if text == "" && asked.Required && len(strings.Join(values, "")) == 0 {
			text = "is required"
		}
		if text != "" {
			return nil, &FieldError{asked.Var, text}
		}
		if len(values) > 0 {
			out.Fields = append(out.Fields, Field{Var: asked.Var, Type: asked.Type, Values: values})
		}
	}
	return out, nil
}

// check brings values to normal form, or says what is wrong with them.
func (f *Field) check(values []string) (normal []string, wrong string) {
	switch f.Type {
	case Hidden:
		if f.Var == "FORM_TYPE" && len(values) > 0 && !slices.Equal(values, f.Values) { // XEP-0068#approach
			return nil, "is of another form"
		}
		return values, ""
	case TextMulti:
		return lines(values), ""
	case JIDMulti, ListMulti:
		values = filled(values)
	case JIDSingle, ListSingle, Boolean:
		if values = filled(values); len(values) > 1 {
			return nil, "takes one value"
		}
	default:
		if len(values) > 1 || len(values) == 1 && strings.ContainsAny(values[0], "\r\n") {
			return nil, "takes one line"
		}
		return values, ""
	}
	seen := make(map[string]bool, len(values))
	for _, v := range values {
		v, wrong := f.checkOne(v)
		if wrong != "" {
			return nil, wrong
		}
		if !seen[v] {
			seen[v] = true
			normal = append(normal, v)
		}
	}
	return normal, ""
}

func (f *Field) checkOne(v string) (normal, wrong string) {
	switch f.Type {
	case Boolean:
		switch v {
		case "1", "true":
			return "1", ""
		case "0", "false":
			return "0", ""
		}
		return "", "is neither true nor false"
	case JIDSingle, JIDMulti:
		j, err := jid.Parse(v)
		if err != nil {
			return "", "is no address"
		}
		return j.String(), ""
	}
	if f.Open {
		return v, ""
	}
	for _, o := range f.Options {
		if o.Value == v {
			return v, ""
		}
	}
	return "", "is none of the choices"
}

// filled leaves out empty values, which mean that nothing was chosen.
func filled(values []string) []string {
	var out []string
	for _, v := range values {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}

// lines splits values at line ends, as their sender should have.
func lines(values []string) []string {
	var out []string
	for _, v := range values {
		out = append(out, strings.Split(strings.ReplaceAll(v, "\r\n", "\n"), "\n")...)
	}
	return out
}
