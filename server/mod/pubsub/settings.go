package pubsub

import (
	"slices"
	"strconv"
	"strings"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
)

// Access says who may subscribe to a node and retrieve its items (XEP-0060#accessmodels).
type Access string

// The access models.
const (
	Authorize Access = "authorize"
	Open      Access = "open"
	Presence  Access = "presence"
	Roster    Access = "roster"
	Whitelist Access = "whitelist"
)

// Settings are the configuration of a node (XEP-0060#registrar-formtypes-config).
type Settings struct {
	Access       Access   `json:"access"`
	Publish      string   `json:"publish"` // publish model: publishers, subscribers, open
	MaxItems     int      `json:"max"`     // Max: as many as the host allows
	Persist      bool     `json:"persist"`
	Notify       bool     `json:"notify"` // deliver_notifications
	Payloads     bool     `json:"payloads"`
	NotifyConfig bool     `json:"nconfig"`
	NotifyDelete bool     `json:"ndelete"`
	NotifyGone   bool     `json:"nretract"`
	NotifySub    bool     `json:"nsub,omitempty"`
	Last         string   `json:"last"`  // send_last_published_item: never, on_sub, on_sub_and_presence
	Reply        string   `json:"reply"` // itemreply: none, owner, publisher
	Kind         string   `json:"kind"`  // notification_type: headline, normal
	Full         string   `json:"full"`  // publish_node_full: retract-oldest, discard-oldest, reject
	Closed       bool     `json:"closed,omitempty"`
	Groups       []string `json:"groups,omitempty"`
	Expire       int64    `json:"expire,omitempty"` // seconds until an item is dropped; 0: never
	MaxPayload   int      `json:"size,omitempty"`   // bytes; 0: as many as the host allows
	Title        string   `json:"title,omitempty"`
	Description  string   `json:"desc,omitempty"`
	Language     string   `json:"lang,omitempty"`
	Type         string   `json:"type,omitempty"`
	Contact      []string `json:"contact,omitempty"`
}

// Max stands for as many items as a host allows (XEP-0060#usecase.xdata).
const Max = -1

// The values of settings that the code asks for.
const (
	lastNever       = "never"
	lastOnSub       = "on_sub"
	lastOnPresence  = "on_sub_and_presence"
	replyPublisher  = "publisher"
	replyOwner      = "owner"
	kindHeadline    = "headline"
	fullReject      = "reject"
	fullRetract     = "retract-oldest"
	publishOpen     = "open"
	publishFollower = "subscribers"
	publishers      = "publishers"
)

// base are the settings that all hosts' defaults begin with.
func base(access Access, maxItems int) Settings {
	return Settings{Access: access, Publish: publishers, MaxItems: maxItems, Persist: true, Notify: true, Payloads: true,
		NotifyDelete: true, NotifyGone: true, Last: lastOnPresence, Reply: "none", Kind: kindHeadline, Full: fullRetract}
}

// AccountDefaults are those of nodes at accounts (XEP-0163#defaults).
func AccountDefaults() Settings { return base(Presence, 1) }

// field is one field of the configuration form.
type field struct {
	form forms.Field
	get  func(*Settings) []string
	set  func(*Settings, *Limits, []string) string // what is wrong with the values, for people
}

func option(label, value string) forms.Option { return forms.Option{Label: label, Value: value} }

func choice(name, label string, at func(*Settings) *string, options ...forms.Option) field {
	return field{
		form: forms.Field{Var: name, Type: forms.ListSingle, Label: label, Options: options},
		get:  func(s *Settings) []string { return []string{*at(s)} },
		set: func(s *Settings, _ *Limits, v []string) string {
			if len(v) != 1 || !slices.ContainsFunc(options, func(o forms.Option) bool { return o.Value == v[0] }) {
				return "is none of the choices"
			}
			*at(s) = strings.Clone(v[0])
			return ""
		},
	}
}

func toggle(name, label string, at func(*Settings) *bool) field {
	return field{
		form: forms.Field{Var: name, Type: forms.Boolean, Label: label},
		get:  func(s *Settings) []string { return forms.BoolValue(*at(s)) },
		set: func(s *Settings, _ *Limits, v []string) string {
			on, ok := boolean(v)
			if !ok {
				return "is neither true nor false"
			}
			*at(s) = on
			return ""
		},
	}
}

// boolean reads both styles of xs:boolean.
func boolean(v []string) (on, ok bool) {
	if len(v) != 1 {
		return false, false
	}
	switch v[0] {
	case "1", "true":
		return true, true
	case "0", "false":
		return false, true
	}
	return false, false
}

// maxText is the longest text that a setting holds, in bytes.
const maxText = 1024

func text(name, label string, at func(*Settings) *string) field {
	return field{
		form: forms.Field{Var: name, Type: forms.TextSingle, Label: label},
		get:  func(s *Settings) []string { return filled(*at(s)) },
		set: func(s *Settings, _ *Limits, v []string) string {
			joined := strings.Join(v, "\n")
			if len(joined) > maxText {
				return "is too long"
			}
			*at(s) = strings.Clone(joined)
			return ""
		},
	}
}

func filled(v string) []string {
	if v == "" {
		return nil
	}
	return []string{v}
}

// settingFields are the fields of the configuration form, in order.
func settingFields() []field {
	return []field{
		text("pubsub#title", "A friendly name for the node", func(s *Settings) *string { return &s.Title }),
		text("pubsub#description", "A description of the node", func(s *Settings) *string { return &s.Description }),
		text("pubsub#type", "The semantic type information of data in the node", func(s *Settings) *string { return &s.Type }),
		text("pubsub#language", "The default language of the node", func(s *Settings) *string { return &s.Language }),
		contactField(),
		accessField(),
		groupsField(),
		choice("pubsub#publish_model", "Who may publish", func(s *Settings) *string { return &s.Publish },
			option("Only publishers may publish", publishers), option("Subscribers may publish", publishFollower), option("Anyone may publish", publishOpen)),
		toggle("pubsub#persist_items", "Whether to persist items to storage", func(s *Settings) *bool { return &s.Persist }),
		maxItemsField(),
		choice("pubsub#publish_node_full", "What to do when the node is full", func(s *Settings) *string { return &s.Full },
			option("Retract the oldest item", fullRetract), option("Discard the oldest item", "discard-oldest"), option("Reject the new item", fullReject)),
		expireField(),
		payloadField(),
		toggle("pubsub#deliver_notifications", "Whether to deliver event notifications", func(s *Settings) *bool { return &s.Notify }),
		toggle("pubsub#deliver_payloads", "Whether to deliver payloads with event notifications", func(s *Settings) *bool { return &s.Payloads }),
		choice("pubsub#notification_type", "The type of messages that notifications are", func(s *Settings) *string { return &s.Kind },
			option("Messages of type headline", kindHeadline), option("Messages of type normal", "normal")),
		toggle("pubsub#notify_config", "Whether to notify subscribers when the node configuration changes", func(s *Settings) *bool { return &s.NotifyConfig }),
		toggle("pubsub#notify_delete", "Whether to notify subscribers when the node is deleted", func(s *Settings) *bool { return &s.NotifyDelete }),
		toggle("pubsub#notify_retract", "Whether to notify subscribers when items are removed from the node", func(s *Settings) *bool { return &s.NotifyGone }),
		toggle("pubsub#notify_sub", "Whether to notify owners about new subscribers and unsubscribes", func(s *Settings) *bool { return &s.NotifySub }),
		choice("pubsub#send_last_published_item", "When to send the last published item", func(s *Settings) *string { return &s.Last },
			option("Never", lastNever), option("When a new subscription is processed", lastOnSub),
			option("When a new subscription is processed and whenever a subscriber comes online", lastOnPresence)),
		choice("pubsub#itemreply", "Whose address items carry", func(s *Settings) *string { return &s.Reply },
			option("None", "none"), option("That of the node owner", replyOwner), option("That of the item publisher", replyPublisher)),
		{
			form: forms.Field{Var: "pubsub#subscribe", Type: forms.Boolean, Label: "Whether to allow subscriptions"},
			get:  func(s *Settings) []string { return forms.BoolValue(!s.Closed) },
			set: func(s *Settings, _ *Limits, v []string) string {
				on, ok := boolean(v)
				if !ok {
					return "is neither true nor false"
				}
				s.Closed = !on
				return ""
			},
		},
	}
}

func accessField() field {
	return choice("pubsub#access_model", "Who may subscribe and retrieve items", func(s *Settings) *string { return (*string)(&s.Access) },
		option("Subscription requests must be approved and only subscribers may retrieve items", string(Authorize)),
		option("Anyone may subscribe and retrieve items", string(Open)),
		option("Anyone with a presence subscription may subscribe and retrieve items", string(Presence)),
		option("Anyone in the specified roster groups may subscribe and retrieve items", string(Roster)),
		option("Only those on a whitelist may subscribe and retrieve items", string(Whitelist)))
}

func groupsField() field {
	return field{
		form: forms.Field{Var: "pubsub#roster_groups_allowed", Type: forms.ListMulti, Label: "The roster groups allowed to subscribe and retrieve items", Open: true},
		get:  func(s *Settings) []string { return s.Groups },
		set:  func(s *Settings, _ *Limits, v []string) string { return list(&s.Groups, v) },
	}
}

func contactField() field {
	return field{
		form: forms.Field{Var: "pubsub#contact", Type: forms.JIDMulti, Label: "The JIDs of those to contact with questions"},
		get:  func(s *Settings) []string { return s.Contact },
		set: func(s *Settings, _ *Limits, v []string) string {
			normal := make([]string, len(v))
			for i := range v {
				j, err := jid.Parse(v[i])
				if err != nil {
					return "is no address"
				}
				normal[i] = j.String()
			}
			return list(&s.Contact, normal)
		},
	}
}

// list takes a list of values that is kept.
func list(at *[]string, v []string) string {
	n := 0
	*at = nil
	for _, x := range v {
		if n += len(x); n > 4*maxText {
			return "is too long"
		}
		*at = append(*at, strings.Clone(x))
	}
	return ""
}

func maxItemsField() field {
	return field{
		form: forms.Field{Var: "pubsub#max_items", Type: forms.TextSingle, Label: "The maximum number of items to persist, or max for as many as the service allows"},
		get: func(s *Settings) []string {
			if s.MaxItems == Max {
				return []string{"max"}
			}
			return []string{strconv.Itoa(s.MaxItems)}
		},
		set: func(s *Settings, l *Limits, v []string) string {
			if len(v) == 1 && v[0] == "max" {
				s.MaxItems = Max
				return ""
			}
			n, err := strconv.Atoi(strings.Join(v, " "))
			if err != nil || n < 1 || n > l.Items {
				return "is neither max nor a number from 1 to " + strconv.Itoa(l.Items)
			}
			s.MaxItems = n
			return ""
		},
	}
}

func expireField() field {
	return field{
		form: forms.Field{Var: "pubsub#item_expire", Type: forms.TextSingle, Label: "Number of seconds after which items are dropped, or max for never"},
		get: func(s *Settings) []string {
			if s.Expire == 0 {
				return []string{"max"}
			}
			return []string{strconv.FormatInt(s.Expire, 10)}
		},
		set: func(s *Settings, _ *Limits, v []string) string {
			if len(v) == 1 && v[0] == "max" {
				s.Expire = 0
				return ""
			}
			n, err := strconv.ParseInt(strings.Join(v, " "), 10, 32)
			if err != nil || n < 1 {
				return "is neither max nor a number of seconds"
			}
			s.Expire = n
			return ""
		},
	}
}

func payloadField() field {
	return field{
		form: forms.Field{Var: "pubsub#max_payload_size", Type: forms.TextSingle, Label: "The maximum payload size in bytes"},
		get: func(s *Settings) []string {
			if s.MaxPayload == 0 {
				return nil
			}
			return []string{strconv.Itoa(s.MaxPayload)}
		},
		set: func(s *Settings, l *Limits, v []string) string {
			n, err := strconv.Atoi(strings.Join(v, " "))
			if err != nil || n < 1 || n > int(l.ItemSize) {
				return "is no number from 1 to " + strconv.Itoa(int(l.ItemSize))
			}
			s.MaxPayload = n
			return ""
		},
	}
}

// form is the configuration form (XEP-0060#owner-configure-success). As a result it goes into notifications.
func (e *Engine) form(t forms.Type, s *Settings) *forms.Form {
	f := forms.New(t, wire.FormConfig)
	for _, x := range e.fields {
		in := x.form
		in.Values = x.get(s)
		if t == forms.Result {
			in.Options, in.Label, in.Open = nil, "", false
			if len(in.Values) == 0 {
				continue
			}
		} else if x.form.Var == "pubsub#max_payload_size" && len(in.Values) == 0 {
			in.Values = []string{strconv.Itoa(int(e.limits.ItemSize))}
		}
		f.Add(in)
	}
	return f
}

// submitted checks what kind of form f is. cancelled says that nothing is to be done.
func submitted(f *forms.Form, formType string) (cancelled bool, err error) {
	switch {
	case f == nil:
		return false, stanza.BadRequest.With("there is no form")
	case f.Type == forms.Cancel:
		return true, nil
	case f.Type != forms.Submit:
		return false, stanza.BadRequest.With("the form is not filled in")
	case f.FormType() != formType && f.Field("FORM_TYPE") != nil:
		return false, stanza.BadRequest.With("the form is of another type")
	}
	return false, nil
}

// merged is s with what a form changes; what the form does not name stays. unknown is the first field that is none of
// ours.
func (e *Engine) merged(s Settings, f *forms.Form) (out Settings, unknown string, err error) {
	for i := range f.Fields {
		x := &f.Fields[i]
		switch x.Var {
		case "FORM_TYPE", "":
			continue
		case "pubsub#node_type":
			if v := strings.Join(x.Values, " "); v != "leaf" {
				return s, "", wire.Unsupported("collections", "there are leaf nodes only")
			}
			continue
		}
		at := slices.IndexFunc(e.fields, func(y field) bool { return y.form.Var == x.Var })
		if at < 0 {
			if unknown == "" {
				unknown = x.Var
			}
			continue
		}
		if wrong := e.fields[at].set(&s, &e.limits, x.Values); wrong != "" {
			text := x.Var + " " + wrong
			if x.Var == "pubsub#access_model" {
				return s, "", wire.Error(stanza.NotAcceptable, "unsupported-access-model", text)
			}
			return s, "", stanza.NotAcceptable.With(text)
		}
	}
	return s, unknown, nil
}

// meets says whether s is as a form of preconditions wants it (XEP-0060#publisher-publish-options).
func (e *Engine) meets(s *Settings, f *forms.Form) bool {
	want, unknown, err := e.merged(*s, f)
	if err != nil || unknown != "" {
		return false
	}
	for _, x := range e.fields {
		if !slices.Equal(x.get(s), x.get(&want)) {
			return false
		}
	}
	return true
}
