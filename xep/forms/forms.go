// Package forms is data forms (XEP-0004) with the field standardisation of XEP-0068: payload types for both sides.
package forms

import (
	"errors"
	"strings"

	"github.com/stonechat-im/stonechat/elem"
)

// NS is the namespace of data forms.
const NS = "jabber:x:data"

// nsValidate is the namespace of data forms validation (XEP-0122).
const nsValidate = "http://jabber.org/protocol/xdata-validate"

// Type is what a form is for (XEP-0004#protocol-formtypes).
type Type string

const (
	Ask    Type = "form"   // fill this in
	Submit Type = "submit" // filled in
	Cancel Type = "cancel"
	Result Type = "result"
)

// FieldType is how a field is shown and checked (XEP-0004#protocol-fieldtypes).
type FieldType string

const (
	Boolean     FieldType = "boolean"
	Fixed       FieldType = "fixed"
	Hidden      FieldType = "hidden"
	JIDMulti    FieldType = "jid-multi"
	JIDSingle   FieldType = "jid-single"
	ListMulti   FieldType = "list-multi"
	ListSingle  FieldType = "list-single"
	TextMulti   FieldType = "text-multi"
	TextPrivate FieldType = "text-private"
	TextSingle  FieldType = "text-single"
)

// Option is one choice of a list field.
type Option struct{ Label, Value string }

// Field is one field.
type Field struct {
	Var, Label, Desc string
	Type             FieldType
	Required         bool
	Values           []string
	Options          []Option
	Open             bool // a list takes other values too (XEP-0122#usercases-validation.open)
}

// Form is one data form. Items and Reported are for results in rows (XEP-0004#protocol-results).
type Form struct {
	Type         Type
	Title        string
	Instructions string
	Fields       []Field
	Reported     []Field
	Items        [][]Field
}

// New starts a form with a FORM_TYPE (XEP-0068#approach).
func New(t Type, formType string) *Form {
	f := &Form{Type: t}
	if formType != "" {
		f.Fields = append(f.Fields, Field{Var: "FORM_TYPE", Type: Hidden, Values: []string{formType}})
	}
	return f
}

// Add appends a field and returns the form.
func (f *Form) Add(fields ...Field) *Form {
	f.Fields = append(f.Fields, fields...)
	return f
}

// FormType returns the FORM_TYPE, or "".
func (f *Form) FormType() string { return f.Value("FORM_TYPE") }

// Field finds a field by its var; nil where there is none.
func (f *Form) Field(name string) *Field {
	if f == nil {
		return nil
	}
	for i := range f.Fields {
		if f.Fields[i].Var == name {
			return &f.Fields[i]
		}
	}
	return nil
}

// Value returns a field's first value, or "".
func (f *Form) Value(name string) string {
	if x := f.Field(name); x != nil && len(x.Values) > 0 {
		return x.Values[0]
	}
	return ""
}

// Values returns all values of a field.
func (f *Form) Values(name string) []string {
	if x := f.Field(name); x != nil {
		return x.Values
	}
	return nil
}

// Text joins the lines of a text-multi field (XEP-0004#protocol-fieldtypes).
func (f *Form) Text(name string) string { return strings.Join(f.Values(name), "\n") }

// ErrNotBoolean says that a boolean field holds something else.
var ErrNotBoolean = errors.New("a boolean field holds neither true nor false")

// Bool reads a boolean field; absent fields give def.
func (f *Form) Bool(name string, def bool) (bool, error) {
	x := f.Field(name)
	if x == nil || len(x.Values) == 0 {
		return def, nil
	}
	switch x.Values[0] {
	case "1", "true":
		return true, nil
	case "0", "false":
		return false, nil
	}
	return def, ErrNotBoolean
}

// BoolValue is the text of a boolean.
func BoolValue(b bool) []string {
	if b {
		return []string{"1"}
	}
	return []string{"0"}
}

// Name is {jabber:x:data}x.
func (*Form) Name() elem.Name { return elem.Name{Space: NS, Local: "x"} }

// Encode writes the form.
func (f *Form) Encode(w *elem.Writer) {
	w.Start(NS, "x")
	w.Attr("type", string(f.Type))
	if f.Title != "" {
		w.Elem(NS, "title", f.Title)
	}
	if f.Instructions != "" {
		w.Elem(NS, "instructions", f.Instructions)
	}
	encodeFields(w, f.Fields, f.Type != Submit)
	if len(f.Reported) > 0 {
		w.Start(NS, "reported")
		encodeFields(w, f.Reported, true)
		w.End()
	}
	for _, item := range f.Items {
		w.Start(NS, "item")
		encodeFields(w, item, false)
		w.End()
	}
	w.End()
}

func encodeFields(w *elem.Writer, fields []Field, typed bool) {
	for i := range fields {
		f := &fields[i]
		w.Start(NS, "field")
		w.OptAttr("var", f.Var)
		if typed || f.Type == Hidden {
			w.OptAttr("type", string(f.Type))
		}
		w.OptAttr("label", f.Label)
		if f.Desc != "" {
			w.Elem(NS, "desc", f.Desc)
		}
		if f.Open && typed {
			w.Start(nsValidate, "validate")
			w.Attr("datatype", "xs:string")
			w.Elem(nsValidate, "open", "")
			w.End()
		}
		if f.Required {
			w.Start(NS, "required")
			w.End()
		}
		for _, v := range f.Values {
			w.Elem(NS, "value", v)
		}
		for _, o := range f.Options {
			w.Start(NS, "option")
			w.OptAttr("label", o.Label)
			w.Elem(NS, "value", o.Value)
			w.End()
		}
		w.End()
	}
}

// ErrNotAForm says that an element is not a data form.
var ErrNotAForm = errors.New("not a data form")

// Decode reads a form.
func (f *Form) Decode(e elem.Elem) error {
	if !e.Is(NS, "x") {
		return ErrNotAForm
	}
	*f = Form{Type: Type(e.Attr("type"))}
	for c := range e.Children() {
		switch {
		case c.Is(NS, "title"):
			f.Title = c.Text()
		case c.Is(NS, "instructions"):
			f.Instructions = c.Text()
		case c.Is(NS, "field"):
			f.Fields = append(f.Fields, decodeField(c))
		case c.Is(NS, "reported"):
			f.Reported = decodeFields(c)
		case c.Is(NS, "item"):
			f.Items = append(f.Items, decodeFields(c))
		}
	}
	return nil
}

func decodeFields(e elem.Elem) []Field {
	var out []Field
	for c := range e.Children() {
		if c.Is(NS, "field") {
			out = append(out, decodeField(c))
		}
	}
	return out
}

func decodeField(e elem.Elem) Field {
	f := Field{Var: e.Attr("var"), Label: e.Attr("label"), Type: FieldType(e.Attr("type")), Desc: e.ChildText(NS, "desc")}
	for c := range e.Children() {
		switch {
		case c.Is(nsValidate, "validate"):
			f.Open = c.Child(nsValidate, "open").Ok()
		case c.Is(NS, "required"):
			f.Required = true
		case c.Is(NS, "value"):
			f.Values = append(f.Values, c.Text())
		case c.Is(NS, "option"):
			f.Options = append(f.Options, Option{c.Attr("label"), c.ChildText(NS, "value")})
		}
	}
	return f
}
