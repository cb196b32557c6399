package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/run"
)

// hostKey is the section of a host; it is nobody's field.
const hostKey = "host"

// loader holds what Load has read so far.
type loader struct {
	decoder
	defs []kit.Def
	dir  string // relative paths in the file begin here
	tree map[string]any
	top  top
	mods map[string]reflect.Value // module configurations of the top of the file
	cas  *x509.CertPool
}

// Load reads and checks the file at path, with the sections of the modules defs. Certificates are read too, so that a
// configuration that loads is one that serves. Errors: Problems, or what the operating system says.
func Load(name string, defs []kit.Def) (*File, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	return load(name, abs, text, defs)
}

func load(name, abs string, text []byte, defs []kit.Def) (*File, error) {
	tree, at, err := parse(name, text)
	if err != nil {
		return nil, err
	}
	l := &loader{decoder: decoder{file: name, lines: at}, defs: defs, dir: filepath.Dir(abs), tree: tree, top: defaults()}
	f := &File{Path: abs}
	l.sections()
	l.check()
	f.Certificates = l.certificates()
	l.cas = l.clientCAs()
	f.Run.Realms = l.hosts()
	f.Run.Listen = run.Listen{Client: l.top.Listen.Client, ClientTLS: l.top.Listen.ClientTLS}
	f.Run.Plaintext = l.top.Listen.Plaintext
	f.Run.Limits = l.top.Limits.c2s()
	f.Data, f.Log = l.resolve(l.top.Data), l.top.Log
	if err := l.sorted(); err != nil {
		return nil, err
	}
	return f, nil
}

// resolve makes a path in the file absolute.
func (l *loader) resolve(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(l.dir, name)
}

func (l *loader) moduleNames() []string {
	names := make([]string, len(l.defs))
	for i, d := range l.defs {
		names[i] = d.Name
	}
	return names
}

// sections fills the top of the file.
func (l *loader) sections() {
	l.section(nil, reflect.ValueOf(&l.top).Elem(), l.tree, append(l.moduleNames(), hostKey)...)
	l.mods = make(map[string]reflect.Value, len(l.defs))
	for _, d := range l.defs {
		l.mods[d.Name] = l.module(nil, d, reflect.ValueOf(d.Defaults()), l.tree)
	}
}

// module reads a module's section of a table, over what holds without it.
func (l *loader) module(p path, d kit.Def, base reflect.Value, table map[string]any) reflect.Value {
	v := reflect.New(d.ConfigType()).Elem()
	v.Set(base)
	if x, ok := table[d.Name]; ok {
		l.value(p.add(d.Name), v, x)
	}
	return v
}

// check looks at the sections that are not about one host.
func (l *loader) check() {
	if l.top.Data == "" {
		l.problem(path{"data"}, "expected a folder")
	}
	if f := l.top.Log.Format; f != "text" && f != "json" {
		l.problem(path{"log", "format"}, "expected text or json, found %q", f)
	}
	l.checkSection(l.top.Limits, path{"limits"})
	l.checkAddrs(path{"listen", "client"}, l.top.Listen.Client)
	l.checkAddrs(path{"listen", "client_tls"}, l.top.Listen.ClientTLS)
}

func (l *loader) checkAddrs(p path, addrs []string) {
	for i, a := range addrs {
		host, port, err := net.SplitHostPort(a)
		n, perr := strconv.ParseUint(port, 10, 16)
		if err != nil || perr != nil || n > 65535 {
			l.problem(p.index(i), "expected an address such as \":5222\", \"127.0.0.1:5222\" or \"[::1]:5222\", found %q", a)
			continue
		}
		ip := net.ParseIP(host)
		if l.top.Listen.Plaintext && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			l.problem(p.index(i), "plaintext is for loopback addresses only, and this is %q", a)
		}
	}
}

// checkSection lets a section say what is wrong with itself. sections are where its keys may stand, nearest first.
func (l *loader) checkSection(cfg any, sections ...path) {
	c, ok := cfg.(kit.Checker)
	if !ok {
		return
	}
	err := c.Check()
	var ce *kit.ConfigError
	switch {
	case err == nil:
	case !errors.As(err, &ce):
		l.problem(sections[0], "%v", err)
	default:
		at := sections[0]
		for _, s := range slices.Backward(sections) {
			if l.lines.has(s.add(ce.Key)) {
				at = s
			}
		}
		l.problem(at.add(ce.Key), "%s", ce.Text)
	}
}

// certificates reads the pairs of [tls].
func (l *loader) certificates() []tls.Certificate {
	var all []tls.Certificate
	for i, pair := range l.top.TLS.Certificate {
		p := path{"tls", "certificate"}.index(i)
		if pair.File == "" {
			l.problem(p.add("file"), "expected the path of a PEM file")
			continue
		}
		key := pair.Key
		if key == "" {
			key = pair.File
		}
		chain, err := os.ReadFile(l.resolve(pair.File))
		if err != nil {
			l.problem(p.add("file"), "%v", err)
			continue
		}
		private, err := os.ReadFile(l.resolve(key))
		if err != nil {
			l.problem(p.add("key"), "%v", err)
			continue
		}
		c, err := tls.X509KeyPair(chain, private)
		if err != nil {
			l.problem(p.add("file"), "%s with the key %s: %v", pair.File, key, err)
			continue
		}
		all = append(all, c)
	}
	return all
}

func (l *loader) clientCAs() *x509.CertPool {
	name := l.top.TLS.ClientCA
	if name == "" {
		return nil
	}
	p := path{"tls", "client_ca"}
	text, err := os.ReadFile(l.resolve(name))
	if err != nil {
		l.problem(p, "%v", err)
		return nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		l.problem(p, "%s holds no certificate in PEM form", name)
	}
	return pool
}

// hosts reads the [[host]] sections; without any, the top of the file is the only host.
func (l *loader) hosts() []run.Realm {
	seen := make(map[string]bool)
	x, ok := l.tree[hostKey]
	if !ok {
		return []run.Realm{l.host(nil, l.top.Host, l.tree, seen)}
	}
	p := path{hostKey}
	list, ok := x.([]any)
	if !ok {
		l.problem(p, "write [[host]], with two brackets: there may be several")
		return nil
	}
	if len(l.top.Domains) > 0 {
		l.problem(path{"domains"}, "belongs into each [[host]] where there are such sections")
	}
	var all []run.Realm
	for i, e := range list {
		table, ok := e.(map[string]any)
		if !ok {
			l.expected(p.index(i), "a section", e)
			continue
		}
		h := l.top.Host
		h.Domains = nil
		l.section(p.index(i), reflect.ValueOf(&h).Elem(), table, l.moduleNames()...)
		all = append(all, l.host(p.index(i), h, table, seen))
	}
	return all
}

// host makes a realm of a host at p.
func (l *loader) host(p path, h Host, table map[string]any, seen map[string]bool) run.Realm {
	if len(h.Domains) == 0 {
		l.problem(p.add("domains"), "expected the domain to serve, such as [\"montague.example\"]")
	}
	for i, d := range h.Domains {
		b, err := jid.Domain(d)
		switch {
		case err != nil:
			l.problem(p.add("domains").index(i), "%q: %v", d, err)
		case seen[b.Domain()]:
			l.problem(p.add("domains").index(i), "%s is there twice", b)
		default:
			seen[b.Domain()] = true
			h.Domains[i] = b.Domain()
		}
	}
	for i, a := range h.Admins {
		if a.IsDomain() {
			l.problem(p.add("admins").index(i), "expected the address of an account, found %q", a)
		}
	}
	for i, name := range h.Without {
		if !slices.Contains(l.moduleNames(), name) {
			l.problem(p.add("without").index(i), "there is no module %q%s", name, maybe(name, l.moduleNames()))
		}
	}
	r := run.Realm{Domains: h.Domains, Admins: h.Admins, Plain: h.Plain, Anonymous: h.Anonymous, ClientCAs: l.cas,
		Without: h.Without, Modules: make(map[string]any, len(l.defs))}
	for _, d := range l.defs {
		v := l.mods[d.Name]
		if len(p) > 0 {
			v = l.module(p, d, v, table)
		}
		r.Modules[d.Name] = v.Interface()
		l.checkSection(r.Modules[d.Name], p.add(d.Name), path{d.Name})
	}
	return r
}
