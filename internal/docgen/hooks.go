package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/mod/all"
	"github.com/stonechat-im/stonechat/server/run"
	"github.com/stonechat-im/stonechat/server/store/memory"
)

// build puts a server with all modules together, and returns its realm.
func build(ctx context.Context) (*kit.Realm, func(), error) {
	db := memory.New()
	cfg := run.Config{Limits: run.DefaultLimits(), Realms: []run.Realm{{Domains: []string{"montague.example"}}}}
	srv, err := run.New(ctx, cfg, all.Defs(), db, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		_ = db.Close()
		return nil, nil, err
	}
	return srv.Realms()[0], func() {
		_ = srv.Stop(ctx)
		_ = db.Close()
	}, nil
}

const hooksIntro = `# Who takes part where

<!-- ` + notice + ` -->

The handlers of a server with all modules, in the order in which they run. What the points are for is told in
[life-of-a-stanza.md](life-of-a-stanza.md) and in server/kit/points.go.

## Chains

| Point | Phase | Modules |
|---|---|---|
`

// hooksPage is docs/hooks.md.
func hooksPage(r *kit.Realm) []byte {
	var b bytes.Buffer
	b.WriteString(hooksIntro)
	points := reflect.ValueOf(r.Points).Elem()
	for i := range points.NumField() {
		if c, ok := points.Field(i).Addr().Interface().(interface{ Entries() []hook.Entry }); ok {
			chain(&b, points.Type().Field(i).Name, c.Entries())
		}
	}
	b.WriteString("\n## Notes\n\n| Note | Modules |\n|---|---|\n")
	for i := range points.NumField() {
		if n, ok := points.Field(i).Addr().Interface().(interface{ Owners() []string }); ok {
			fmt.Fprintf(&b, "| %s | %s |\n", points.Type().Field(i).Name, strings.Join(n.Owners(), ", "))
		}
	}
	b.WriteString("\n## Requests\n\n| Asked | Type | Payload | Module |\n|---|---|---|---|\n")
	for _, line := range slices.Sorted(slices.Values(r.IQList())) {
		f := strings.Split(line, "\t")
		fmt.Fprintf(&b, "| %s | %s | `%s` | %s |\n", f[0], f[1], f[2], f[3])
	}
	b.WriteString("\n## Subdomains\n\n| Prefix | Name |\n|---|---|\n")
	for _, prefix := range slices.Sorted(maps.Keys(r.Services())) {
		fmt.Fprintf(&b, "| %s | %s |\n", prefix, r.Services()[prefix].Name)
	}
	b.WriteString("\n## Stream features and guests\n\n")
	for _, f := range r.Features() {
		fmt.Fprintf(&b, "- after login: %s\n", f.Owner)
	}
	for _, g := range r.GuestFeatures() {
		fmt.Fprintf(&b, "- before login: %s takes `{%s}%s`\n", g.Owner, g.Takes.Space, g.Takes.Local)
	}
	b.WriteString("\n## Commands\n\n| Node | Name | For |\n|---|---|---|\n")
	for _, c := range r.Commands() {
		who := "accounts"
		if c.Admin {
			who = "operators"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.Node, c.Name, who)
	}
	return b.Bytes()
}

// chain writes the handlers of a chain, a line for each phase.
func chain(b *bytes.Buffer, name string, entries []hook.Entry) {
	if len(entries) == 0 {
		fmt.Fprintf(b, "| %s | | |\n", name)
	}
	for i := 0; i < len(entries); {
		phase := entries[i].Phase
		var owners []string
		for ; i < len(entries) && entries[i].Phase == phase; i++ {
			owners = append(owners, entries[i].Owner)
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", name, phase, strings.Join(owners, ", "))
	}
}
