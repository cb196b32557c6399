package main

import "github.com/stonechat-im/stonechat/bench"

// Servers, by the names in the results' file names.
const (
	ours  = "stonechat"
	floor = "floor"
)

// serverNames are what readers see, in the order of columns.
var serverNames = []struct{ id, name string }{
	{ours, "Stonechat"},
	{"ejabberd", "ejabberd"},
	{"ejabberdsql", "ejabberd, SQLite"},
	{"prosody", "Prosody"},
	{"prosodysql", "Prosody, SQLite"},
	{floor, "floor"},
}

// figure is one number of a row.
type figure struct {
	row   string
	what  string
	unit  string
	value func(*bench.Result) float64
	more  bool    // more is better
	goal  float64 // ours must be at most (more: at least) this many times the other's; 0: no goal
	of    string  // the server the goal is about; "": the best of the others
}

func cpu(r *bench.Result) float64 {
	if r.Server == nil {
		return 0
	}
	return r.Server.Per1000
}

func p99(r *bench.Result) float64 { return float64(r.Latency.P99) / 1e6 }
func pace(r *bench.Result) float64 {
	return r.PerSecond
}

// rows are what is reported, in this order.
var rows = []figure{
	{row: "idle", what: "memory for each idle TLS session", unit: "KB", goal: 0.4,
		value: func(r *bench.Result) float64 {
			if r.Server == nil {
				return 0
			}
			return r.Server.PerSession / 1024
		}},
	{row: "login", what: "logins, STARTTLS and SCRAM: CPU for 1,000", unit: "ms", value: cpu, goal: 0.45, of: "ejabberd"},
	{row: "chat", what: "one-to-one chat as fast as it goes: CPU for 1,000 messages", unit: "ms", value: cpu, goal: 0.35, of: "ejabberd"},
	{row: "chat", what: "the same: messages a second", value: pace, more: true},
	{row: "acks", what: "the same with stream management: CPU for 1,000 messages", unit: "ms", value: cpu, goal: 0.35, of: "ejabberd"},
	{row: "steady", what: "one-to-one chat, 1,000 a second: CPU for 1,000 messages", unit: "ms", value: cpu, goal: 0.5, of: "ejabberd"},
	{row: "steady", what: "the same: latency, 99th percentile", unit: "ms", value: p99, goal: 1, of: "ejabberd"},
	{row: "archived", what: "one-to-one chat with an archive: messages a second", value: pace, more: true, goal: 8},
	{row: "archived", what: "the same: CPU for 1,000 messages", unit: "ms", value: cpu},
	{row: "muc", what: "rooms, 10 × 100: CPU for 1,000 deliveries", unit: "ms", value: cpu, goal: 0.35, of: "ejabberd"},
	{row: "presence", what: "presence storm, 500 × 20 contacts: CPU for 1,000 deliveries", unit: "ms", value: cpu, goal: 0.35, of: "ejabberd"},
	{row: "roster", what: "roster fetches: CPU for 1,000", unit: "ms", value: cpu, goal: 0.4, of: "ejabberd"},
	{row: "mam", what: "archive pages of 50: CPU for 1,000", unit: "ms", value: cpu},
	{row: "start", what: "from start to the first login", unit: "ms", goal: 1, of: "prosody",
		value: func(r *bench.Result) float64 { return float64(r.Latency.Max) / 1e6 }},
	{row: "start", what: "memory at the first login", unit: "MB",
		value: func(r *bench.Result) float64 {
			if r.Server == nil {
				return 0
			}
			return float64(r.Server.RSSAfter) / (1 << 20)
		}},
}
