package xmpptest

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/stonechat-im/stonechat/elem"
)

// placeholder is {*}, {name=*}, or {name} where a name may be that of a client: {romeo/orchard}.
var placeholder = regexp.MustCompile(`\{(\*|[A-Za-z][A-Za-z0-9_-]*=\*|[A-Za-z][A-Za-z0-9_.@-]*(?:/[^{}\s'"<>]+)?)\}`)

// value is what {name} stands for.
func (s *Server) value(name string) (string, error) {
	if v, ok := s.vars[name]; ok {
		return v, nil
	}
	for i := range s.cfg.Realms {
		if name == hostName(i) {
			return s.Host(i), nil
		}
	}
	if user, res, ok := strings.Cut(name, "/"); ok {
		b, err := s.account(user)
		if err != nil {
			return "", err
		}
		full, err := b.WithResource(res)
		return full.String(), err
	}
	return "", fmt.Errorf("{%s} is not known (at this point)", name)
}

// hostName is what the n-th realm is called: host, host2, host3.
func hostName(n int) string {
	if n == 0 {
		return "host"
	}
	return fmt.Sprintf("host%d", n+1)
}

// Value returns what {name=*} has matched, or what {name} stands for otherwise.
func (s *Server) Value(name string) string {
	s.t.Helper()
	v, err := s.value(name)
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

// expand fills in the placeholders of text that is going to be sent. xml says that it is XML, where values are escaped.
func (s *Server) expand(text string, xml bool) (string, error) {
	var failed error
	out := placeholder.ReplaceAllStringFunc(text, func(p string) string {
		v, err := s.value(p[1 : len(p)-1])
		if err != nil {
			failed = err
		}
		if xml {
			v = string(elem.AppendAttr(nil, v))
		}
		return v
	})
	return out, failed
}

// pattern is an expected value with its placeholders.
type pattern struct {
	re    *regexp.Regexp
	names []string // by group; empty for {*}
}

// pattern reads a value of an expectation. bound is what was matched earlier in the same element.
func (s *Server) pattern(text string, bound map[string]string) (pattern, error) {
	var p pattern
	var re strings.Builder
	re.WriteString(`(?s)\A`)
	at := 0
	for _, loc := range placeholder.FindAllStringIndex(text, -1) {
		re.WriteString(regexp.QuoteMeta(text[at:loc[0]]))
		at = loc[1]
		name, any := strings.CutSuffix(text[loc[0]+1:loc[1]-1], "*")
		if any {
			p.names = append(p.names, strings.TrimSuffix(name, "="))
			re.WriteString(`(.*)`)
			continue
		}
		v, ok := bound[name]
		if !ok {
			var err error
			if v, err = s.value(name); err != nil {
				return p, err
			}
		}
		re.WriteString(regexp.QuoteMeta(v))
	}
	re.WriteString(regexp.QuoteMeta(text[at:]) + `\z`)
	p.re = regexp.MustCompile(re.String())
	return p, nil
}

// matchValue compares a value with an expectation and notes what {name=*} stands for. Such a name stands for something.
func (s *Server) matchValue(want, got string, bound map[string]string) error {
	if want == got && !strings.Contains(want, "{") {
		return nil
	}
	p, err := s.pattern(want, bound)
	if err != nil {
		return err
	}
	m := p.re.FindStringSubmatch(got)
	if m == nil {
		return fmt.Errorf("%q is not %q", got, want)
	}
	for i, name := range p.names {
		if name == "" {
			continue
		}
		if m[i+1] == "" {
			return fmt.Errorf("{%s=*} would be empty", name)
		}
		bound[name] = m[i+1]
	}
	return nil
}
