package mam

import (
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// The fields of the form (XEP-0313#filter, XEP-0431#overview).
const (
	fieldWith      = "with"
	fieldStart     = "start"
	fieldEnd       = "end"
	fieldBeforeID  = "before-id"
	fieldAfterID   = "after-id"
	fieldIDs       = "ids"
	fieldGroupchat = "include-groupchat"
	fieldText      = "{" + NSFullText + "}fulltext"
)

// Filter is which messages are asked for. Zero fields do not restrict.
type Filter struct {
	With              jid.JID
	Start, End        time.Time // both included
	BeforeID, AfterID string    // both excluded
	IDs               []string
	Text              string
	Groupchat         *bool // nil: as the archive likes
}

// Fields is the form that says what can be asked for; text says whether full-text search is there.
func Fields(text bool) *Form {
	f := forms.New(forms.Ask, NS).Add(
		forms.Field{Var: fieldWith, Type: forms.JIDSingle},
		forms.Field{Var: fieldStart, Type: forms.TextSingle},
		forms.Field{Var: fieldEnd, Type: forms.TextSingle},
		forms.Field{Var: fieldBeforeID, Type: forms.TextSingle},
		forms.Field{Var: fieldAfterID, Type: forms.TextSingle},
		forms.Field{Var: fieldIDs, Type: forms.ListMulti, Open: true},
		forms.Field{Var: fieldGroupchat, Type: forms.Boolean})
	if text {
		f.Add(forms.Field{Var: fieldText, Type: forms.TextSingle})
	}
	return &Form{*f}
}

// Form is the filter as a client submits it.
func (f *Filter) Form() *forms.Form {
	x := forms.New(forms.Submit, NS)
	add := func(name, value string) {
		if value != "" {
			x.Add(forms.Field{Var: name, Values: []string{value}})
		}
	}
	add(fieldWith, f.With.String())
	if !f.Start.IsZero() {
		add(fieldStart, f.Start.UTC().Format(stampLayout))
	}
	if !f.End.IsZero() {
		add(fieldEnd, f.End.UTC().Format(stampLayout))
	}
	add(fieldBeforeID, f.BeforeID)
	add(fieldAfterID, f.AfterID)
	if len(f.IDs) > 0 {
		x.Add(forms.Field{Var: fieldIDs, Values: f.IDs})
	}
	if f.Groupchat != nil {
		x.Add(forms.Field{Var: fieldGroupchat, Values: forms.BoolValue(*f.Groupchat)})
	}
	add(fieldText, f.Text)
	return x
}

// ReadFilter reads a submitted form; nil restricts nothing. text says whether full-text search is there. Errors are of
// type *stanza.Error: feature-not-implemented for a field that is not known (XEP-0313#query-form), jid-malformed for an
// address that is none, bad-request for all else.
func ReadFilter(x *forms.Form, text bool) (Filter, error) {
	var f Filter
	if x == nil {
		return f, nil
	}
	if x.Type != forms.Submit || x.FormType() != NS {
		return f, stanza.BadRequest.With("the form is not a submission of " + NS)
	}
	for i := range x.Fields {
		if err := f.read(x, &x.Fields[i], text); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (f *Filter) read(x *forms.Form, field *forms.Field, text bool) (err error) {
	value := ""
	if len(field.Values) > 0 {
		value = field.Values[0]
	}
	switch name := field.Var; {
	case name == "FORM_TYPE":
	case name == fieldIDs:
		for _, id := range field.Values {
			if id != "" {
				f.IDs = append(f.IDs, id)
			}
		}
	case len(field.Values) > 1:
		return stanza.BadRequest.With("the field " + name + " takes one value")
	case name == fieldWith && value != "":
		if f.With, err = jid.Parse(value); err != nil {
			return stanza.JIDMalformed.With("the field " + name + " holds no address")
		}
	case name == fieldStart && value != "":
		f.Start, err = readTime(name, value)
	case name == fieldEnd && value != "":
		f.End, err = readTime(name, value)
	case name == fieldBeforeID:
		f.BeforeID = value
	case name == fieldAfterID:
		f.AfterID = value
	case name == fieldText && text:
		f.Text = value
	case name == fieldGroupchat:
		b, err := x.Bool(name, false)
		if err != nil {
			return stanza.BadRequest.With("the field " + name + " is neither true nor false")
		}
		f.Groupchat = &b
	case name == fieldWith, name == fieldStart, name == fieldEnd: // left empty
	default:
		return stanza.FeatureNotImplemented.With("this archive has no field " + name)
	}
	return err
}

// readTime reads a DateTime of XEP-0082, which always has a time zone.
func readTime(name, value string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return t, stanza.BadRequest.With("the field " + name + " holds no time; write for example 1595-01-30T19:00:00Z")
	}
	return t.UTC(), nil
}
