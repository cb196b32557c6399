package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stonechat-im/stonechat/bench"
)

// spread is what repetitions of one figure gave.
type spread struct{ low, median, high float64 }

func spreadOf(rs []*bench.Result, value func(*bench.Result) float64) spread {
	var v []float64
	for _, r := range rs {
		v = append(v, value(r))
	}
	slices.Sort(v)
	n := len(v)
	return spread{v[0], (v[(n-1)/2] + v[n/2]) / 2, v[n-1]}
}

// report writes the whole document.
func report(all results, machine, versions string) string {
	var b strings.Builder
	b.WriteString(`# Benchmarks, side by side

Made by ` + "`make bench-peers`" + `, which installs Prosody and ejabberd where it can, sets all three servers up alike, runs
each scenario on each of them in turn, in one run on one machine, and writes this page. Do it yourself: absolute figures depend
on the machine, so look at the ratios.

`)
	fence(&b, "Machine", machine)
	fence(&b, "Versions and settings", versions)
	missed := table(&b, all)
	b.WriteString("## Where we lose\n\n")
	if len(missed) == 0 {
		b.WriteString("Nowhere in this run: all goals were met and no other server was better in any row.\n")
	}
	for _, m := range missed {
		b.WriteString("- " + m + "\n")
	}
	b.WriteString("\n## Was anything lost?\n\n")
	faults(&b, all)
	details(&b, all)
	return b.String()
}

func fence(b *strings.Builder, title, text string) {
	fmt.Fprintf(b, "%s:\n\n```\n%s\n```\n\n", title, text)
}

// table writes the figures and returns what was not reached.
func table(b *strings.Builder, all results) (missed []string) {
	columns := columnsOf(all)
	b.WriteString("## Figures\n\nMedians; in parentheses the lowest and the highest of several runs. Ratios are of medians: ours to the best of the other servers, and to ejabberd.\n\n| figure |")
	for _, c := range columns {
		b.WriteString(" " + c.name + " |")
	}
	b.WriteString(" ours / best | ours / ejabberd | goal |\n|---|" + strings.Repeat("---|", len(columns)+3) + "\n")
	for i := range rows {
		f := &rows[i]
		if all[f.row] == nil {
			continue
		}
		what := f.what
		if f.unit != "" {
			what += ", " + f.unit
		}
		b.WriteString("| " + what + " |")
		for _, c := range columns {
			b.WriteString(" " + cell(all[f.row][c.id], f) + " |")
		}
		r := ratiosOf(all[f.row], f)
		verdict, reached := r.verdict(f)
		fmt.Fprintf(b, " %s | %s | %s |\n", times(r.best), times(r.ejabberd), verdict)
		if !reached {
			if verdict == "" {
				verdict = "no goal is set"
			}
			missed = append(missed, fmt.Sprintf("%s (%s): %s that of %s; %s.", f.what, f.row, times(r.best), r.bestName, verdict))
		}
	}
	b.WriteString("\n")
	return missed
}

type column struct{ id, name string }

// columnsOf lists the servers that have results.
func columnsOf(all results) (out []column) {
	for _, s := range serverNames {
		for _, row := range all {
			if row[s.id] != nil {
				out = append(out, column(s))
				break
			}
		}
	}
	return out
}

func cell(rs []*bench.Result, f *figure) string {
	if len(rs) == 0 {
		return "–"
	}
	s := spreadOf(rs, f.value)
	if s.high == 0 { // nothing was done in the time
		return "–"
	}
	if len(rs) == 1 {
		return number(s.median)
	}
	return fmt.Sprintf("%s (%s–%s)", number(s.median), number(s.low), number(s.high))
}

// number writes three digits.
func number(v float64) string {
	switch {
	case v >= 1000:
		s := strconv.FormatFloat(v, 'f', 0, 64)
		for i := len(s) - 3; i > 0; i -= 3 {
			s = s[:i] + "," + s[i:]
		}
		return s
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// ratios compare our median with others'; 0 when there is nothing to compare with.
type ratios struct {
	best, ejabberd, goal float64
	bestName             string
}

func ratiosOf(row map[string][]*bench.Result, f *figure) (r ratios) {
	if len(row[ours]) == 0 {
		return r
	}
	mine := spreadOf(row[ours], f.value).median
	best := 0.0
	for _, s := range serverNames {
		if s.id == ours || s.id == floor || len(row[s.id]) == 0 {
			continue
		}
		m := spreadOf(row[s.id], f.value).median
		if m <= 0 {
			continue
		}
		if best == 0 || (m > best) == f.more {
			best, r.bestName, r.best = m, s.name, mine/m
		}
		if s.id == "ejabberd" {
			r.ejabberd = mine / m
		}
		if s.id == f.of {
			r.goal = mine / m
		}
	}
	if f.of == "" {
		r.goal = r.best
	}
	return r
}

// verdict says how the goal stands. Without a goal, it is to be no worse than the best.
func (r ratios) verdict(f *figure) (text string, reached bool) {
	of, goal := "best", f.goal
	if f.of != "" {
		of = f.of
	}
	met := func(ratio, goal float64) bool {
		if f.more {
			return ratio >= goal
		}
		return ratio <= goal
	}
	switch {
	case goal == 0 && r.best == 0:
		return "", true
	case goal == 0:
		return "", met(r.best, 1)
	case r.goal == 0:
		return "nothing to compare with", true
	}
	sign := "≤"
	if f.more {
		sign = "≥"
	}
	text = fmt.Sprintf("%s %g × %s", sign, goal, of)
	if met(r.goal, goal) {
		return text + ": reached", true
	}
	return text + ": **missed**", false
}

func times(ratio float64) string {
	if ratio == 0 {
		return "–"
	}
	return number(ratio) + " ×"
}

// faults lists what went wrong in any run.
func faults(b *strings.Builder, all results) {
	b.WriteString("| server | messages and the like | lost | doubled | reordered | refused | never acknowledged | streams lost |\n|---|---|---|---|---|---|---|---|\n")
	for _, c := range columnsOf(all) {
		var t bench.Result
		for _, row := range all {
			for _, r := range row[c.id] {
				t.Sent += r.Sent
				t.Lost += r.Lost
				t.Doubled += r.Doubled
				t.Reordered += r.Reordered
				t.Refused += r.Refused
				t.Unacked += r.Unacked
				t.Dropped += r.Dropped
			}
		}
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %d | %d | %d |\n", c.name, t.Sent, t.Lost, t.Doubled, t.Reordered, t.Refused, t.Unacked, t.Dropped)
	}
	b.WriteString("\n\"Never acknowledged\" counts stanzas that the server had not acknowledged (XEP-0198). Stanzas count as lost when at the end nothing arrives for ten seconds, with an archive for sixty.\n\n")
}

// details lists medians of what the table leaves out.
func details(b *strings.Builder, all results) {
	b.WriteString("## Details\n\nMedians. The generator's own CPU is beside the server's: where it is not far below, it takes part in what limits the figure.\n\n")
	b.WriteString("| scenario | server | runs | units a second | p50 ms | p99 ms | server CPU ms / 1,000 | generator CPU ms / 1,000 | RSS MB |\n|---|---|---|---|---|---|---|---|---|\n")
	seen := make(map[string]bool)
	for _, f := range rows {
		if seen[f.row] {
			continue
		}
		seen[f.row] = true
		for _, c := range columnsOf(all) {
			rs := all[f.row][c.id]
			if len(rs) == 0 {
				continue
			}
			m := func(value func(*bench.Result) float64) string { return number(spreadOf(rs, value).median) }
			fmt.Fprintf(b, "| %s | %s | %d | %s | %s | %s | %s | %s | %s |\n", f.row, c.name, len(rs), m(pace),
				m(func(r *bench.Result) float64 { return float64(r.Latency.P50) / 1e6 }), m(p99), m(cpu),
				m(func(r *bench.Result) float64 { return r.Own.Per1000 }),
				m(func(r *bench.Result) float64 {
					if r.Server == nil {
						return 0
					}
					return float64(r.Server.RSSAfter) / (1 << 20)
				}))
		}
	}
}
