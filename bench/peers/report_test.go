package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/bench"
)

// chat is a result with what the rows of chat look at.
func chat(perSecond, cpu float64) *bench.Result {
	return &bench.Result{Scenario: "chat", PerSecond: perSecond, Sent: 100, Server: &bench.Server{Per1000: cpu},
		Latency: bench.Latency{P99: 2 * time.Millisecond}}
}

func TestReportSaysWhoWins(t *testing.T) {
	lost := chat(50, 40)
	lost.Lost = 3
	for _, tc := range []struct {
		name      string
		all       results
		has, lack []string
	}{
		{"we win", results{"chat": {ours: {chat(1000, 10), chat(1200, 12), chat(900, 8)}, "ejabberd": {chat(100, 40)}, "prosody": {chat(50, 80)}}},
			[]string{"| 10 (8–12) | 40 | 80 | 0.25 × | 0.25 × | ≤ 0.35 × ejabberd: reached |", "1,000 (900–1,200)", "Nowhere in this run"}, []string{"missed"}},
		{"we miss the goal", results{"chat": {ours: {chat(1000, 20)}, "ejabberd": {chat(100, 40)}}},
			[]string{"≤ 0.35 × ejabberd: **missed**", "(chat): 0.5 × that of ejabberd"}, []string{"Nowhere"}},
		{"another is better where there is no goal", results{"chat": {ours: {chat(100, 1)}, "prosody": {chat(200, 80)}, "ejabberd": {chat(100, 40)}}},
			[]string{"messages a second (chat): 0.5 × that of Prosody; no goal is set"}, []string{"Nowhere"}},
		{"the best of several storages counts", results{"archived": {ours: {chat(1000, 1)}, "prosody": {chat(100, 8)}, "prosodysql": {chat(500, 8)}}},
			[]string{"2 × | – | ≥ 8 × best: **missed**"}, nil},
		{"the floor is no rival", results{"chat": {ours: {chat(1000, 10)}, floor: {chat(5000, 1)}, "ejabberd": {chat(100, 40)}}},
			[]string{"Nowhere in this run", "| floor |"}, nil},
		{"alone", results{"chat": {ours: {chat(1000, 10)}}}, []string{"nothing to compare with"}, []string{"missed"}},
		{"losses are told", results{"chat": {ours: {chat(100, 1)}, "prosody": {lost}}}, []string{"| Prosody | 100 | 3 | 0 |"}, nil},
		{"the other is missing", results{"chat": {"ejabberd": {chat(1, 1)}}}, []string{"| ejabberd |"}, []string{"NaN", "Inf"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := report(tc.all, "a machine", "versions")
			for _, s := range tc.has {
				if !strings.Contains(got, s) {
					t.Errorf("%q is not in:\n%s", s, got)
				}
			}
			for _, s := range tc.lack {
				if strings.Contains(got, s) {
					t.Errorf("%q is in:\n%s", s, got)
				}
			}
		})
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	if _, err := read(dir); err == nil {
		t.Error("an empty folder is a result")
	}
	b, err := json.Marshal(chat(5, 6))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"chat.ejabberd.1.json", "chat.ejabberd.2.json", "steady.stonechat.1.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(all["chat"]["ejabberd"]) != 2 || len(all["steady"][ours]) != 1 || all["steady"][ours][0].Server.Per1000 != 6 {
		t.Errorf("%+v", all)
	}
	for name, text := range map[string]string{"odd.json": "{}", "chat.ejabberd.3.json": "{"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, name)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := read(dir); err == nil {
				t.Error("it was read")
			}
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.03912: "0.0391", 1.5: "1.5", 99.96: "100", 123.4: "123", 1234.5: "1,234", 1234567: "1,234,567"} {
		if got := number(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
}
