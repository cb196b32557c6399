package sasl

import "slices"

// Preferences is what a client has to log in with and what it accepts.
type Preferences struct {
	Token       bool // a FAST token: the HT mechanisms
	Certificate bool // a client certificate was presented: EXTERNAL
	Password    bool // a password or stored keys: SCRAM, and PLAIN if AllowPlain
	OAuth       bool // a bearer token: OAUTHBEARER
	Anonymous   bool // a login without account is wanted

	// AllowPlain lets PLAIN be chosen. It gives the password to the server and to whoever stands in its place.
	AllowPlain bool
	// Last is the mechanism of this account's last successful login, empty if unknown. After SCRAM or EXTERNAL, PLAIN is
	// never chosen again, whatever AllowPlain says (XEP-0474#rules). SCRAM mechanisms are not pinned.
	Last Mechanism
	// Only, if not empty, are the only mechanisms to consider: the user's own pinning.
	Only []Mechanism

	// Bindings are the types this connection can do, strongest first (see Bindings); OfferedBindings those the server
	// advertised by XEP-0440, empty if it did not.
	Bindings        []BindingType
	OfferedBindings []BindingType
}

// byStrength is the order in which Choose tries mechanisms. RFC 6120 §6.3.4 puts EXTERNAL before SCRAM; a channel
// binding, which keeps a man in the middle out, counts more than a longer hash.
var byStrength = [...]Mechanism{
	HTSHA256Expr, HTSHA256Uniq, HTSHA256Endp, HTSHA256None,
	External,
	ScramSHA512Plus, ScramSHA256Plus, ScramSHA1Plus, ScramSHA512, ScramSHA256, ScramSHA1,
	OAuthBearer, Plain, Anonymous,
}

// Choose returns the strongest of the offered mechanisms that p has the means for and allows; ok is false if there is
// none. It does not judge the offer: see CheckOffer.
func Choose(offered []Mechanism, p Preferences) (m Mechanism, ok bool) {
	for _, m := range byStrength {
		if slices.Contains(offered, m) && p.allow(m) {
			return m, true
		}
	}
	return "", false
}

func (p *Preferences) allow(m Mechanism) bool {
	if len(p.Only) > 0 && !slices.Contains(p.Only, m) {
		return false
	}
	if t, ok := m.TokenBinding(); ok {
		// The FAST list names the binding in the mechanism, so XEP-0440 need not.
		return p.Token && (t == "" || slices.Contains(p.Bindings, t))
	}
	switch m {
	case External:
		return p.Certificate
	case OAuthBearer:
		return p.OAuth
	case Anonymous:
		return p.Anonymous
	case Plain:
		return p.Password && p.AllowPlain && !p.Last.Scram() && p.Last != External
	}
	if m.Plus() {
		_, shared := commonBinding(p.Bindings, p.OfferedBindings)
		return p.Password && shared
	}
	return p.Password
}

// CheckOffer applies rules 4 and 5 of XEP-0440#business-rules for a client that can do channel binding: -PLUS mechanisms
// and binding types come together or not at all. It returns ErrDowngrade if one of them was stripped. Servers older than
// XEP-0440 list -PLUS mechanisms alone, which only SASL2 forbids.
func CheckOffer(offered []Mechanism, types []BindingType, sasl2 bool) error {
	plus := slices.ContainsFunc(offered, Mechanism.Plus)
	switch {
	case plus && len(types) == 0 && sasl2:
		return because(ErrDowngrade, "-PLUS mechanisms without channel binding types")
	case !plus && len(types) > 0:
		return because(ErrDowngrade, "channel binding types without -PLUS mechanisms")
	}
	return nil
}

// commonBinding returns the first of ours that the server offers. With no offer to go by (a server without XEP-0440),
// it is tls-unique, which RFC 5802 §6.1 makes the default, then tls-server-end-point (XEP-0440, rule 4), then any.
func commonBinding(ours, offered []BindingType) (BindingType, bool) {
	if len(offered) == 0 {
		for _, t := range [...]BindingType{TLSUnique, TLSServerEndPoint} {
			if slices.Contains(ours, t) {
				return t, true
			}
		}
		offered = ours
	}
	for _, t := range ours {
		if slices.Contains(offered, t) {
			return t, true
		}
	}
	return "", false
}

// bindingTypes returns the types of bs in their order.
func bindingTypes(bs []Binding) []BindingType {
	types := make([]BindingType, len(bs))
	for i, b := range bs {
		types[i] = b.Type
	}
	return types
}
