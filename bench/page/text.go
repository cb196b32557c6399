// Package page shows the result of a load run: as a table for people (Text), or as one HTML page with plots that needs
// nothing else (HTML). It keeps no state. Start reading at Text.
package page

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/stonechat-im/stonechat/bench"
)

// Row is one line of a table.
type Row struct{ Name, Value string }

// Text writes a table.
func Text(w io.Writer, r *bench.Result) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, Title(r))
	for _, x := range rows(r) {
		fmt.Fprintf(tw, "  %s\t%s\n", x.Name, x.Value)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(tw, "  note\t%s\n", strings.ReplaceAll(n, "\n", " "))
	}
	return tw.Flush()
}

// Title says what was run, on one line.
func Title(r *bench.Result) string {
	parts := []string{r.Scenario, string(r.Transport)}
	if r.Acks {
		parts = append(parts, "stream management")
	}
	if r.Rate > 0 {
		parts = append(parts, fmt.Sprintf("%g a second", r.Rate))
	} else if r.Scenario != "idle" {
		parts = append(parts, "as fast as it goes")
	}
	title := strings.Join(parts, ", ")
	if r.Label != "" {
		title = r.Label + ": " + title
	}
	return title
}

func rows(r *bench.Result) []Row {
	out := []Row{
		{"sessions", fmt.Sprint(r.Sessions)},
		{"measured", fmt.Sprintf("%.1f s", r.Seconds)},
	}
	if r.Scenario != "idle" {
		out = append(out,
			Row{"done", fmt.Sprintf("%d × %s, %.0f a second", r.Done, r.Unit, r.PerSecond)},
			Row{"sent / delivered", fmt.Sprintf("%d / %d", r.Sent, r.Delivered)},
			Row{"lost / doubled / reordered", fmt.Sprintf("%d / %d / %d", r.Lost, r.Doubled, r.Reordered)},
			Row{"latency", latency(r.Latency)})
	}
	for _, x := range []struct {
		name string
		n    int64
	}{
		{"came back as errors", r.Refused}, {"never acknowledged", r.Unacked}, {"delivered to the wrong one", r.Strays},
		{"streams lost", r.Dropped}, {"failed logins", r.Failed}, {"messages on the pages", r.Items},
	} {
		if x.n != 0 {
			out = append(out, Row{x.name, fmt.Sprint(x.n)})
		}
	}
	for _, p := range r.Parts {
		out = append(out, Row{p.Name, fmt.Sprintf("%d, %s", p.Delivered, latency(p.Latency))})
	}
	if r.Late.Count > 0 {
		out = append(out, Row{"generator late", fmt.Sprintf("p50 %s, p99 %s", short(r.Late.P50), short(r.Late.P99))})
	}
	if s := r.Server; s != nil {
		if r.Scenario == "idle" {
			out = append(out, Row{"server memory for each session", fmt.Sprintf("%.1f KB", s.PerSession/1024)},
				Row{"server CPU", fmt.Sprintf("%.2f s, %.0f ms for each session and hour", s.CPU, s.IdlePerHour)})
		} else {
			out = append(out, Row{"server CPU", fmt.Sprintf("%.2f s, %.1f ms for 1000 × %s", s.CPU, s.Per1000, r.Unit)})
		}
		out = append(out, Row{"server memory", fmt.Sprintf("%d MB before, %d MB with the sessions, %d MB after", s.RSSBefore>>20, s.RSSSettled>>20, s.RSSAfter>>20)})
	}
	return append(out, Row{"generator CPU", fmt.Sprintf("%.2f s, %.1f ms for 1000", r.Own.CPU, r.Own.Per1000)})
}

func latency(l bench.Latency) string {
	return fmt.Sprintf("p50 %s, p95 %s, p99 %s, max %s", short(l.P50), short(l.P95), short(l.P99), short(l.Max))
}

// short writes a duration with three digits.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	case d >= time.Millisecond:
		return fmt.Sprintf("%.2f ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.0f µs", d.Seconds()*1e6)
}
