package page

import (
	"html/template"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/stonechat-im/stonechat/bench"
)

// Plot sizes, in pixels.
const (
	plotWidth  = 640
	plotHeight = 180
	plotEdge   = 10
)

// plot is one curve.
type plot struct {
	Title       string
	Left, Right string // ends of the horizontal axis
	Top         string // upper end of the vertical axis
	Points      string // of an SVG polyline
	Width       int
	Height      int
}

// HTML writes a page with the table and plots of throughput, processor time, memory and latency.
func HTML(w io.Writer, r *bench.Result) error {
	return pageTemplate().Execute(w, struct {
		Title string
		Time  string
		Rows  []Row
		Notes []string
		Plots []plot
	}{Title(r), r.Time.UTC().Format(time.RFC3339), rows(r), r.Notes, plots(r)})
}

func plots(r *bench.Result) []plot {
	var out []plot
	over := func(title, unit string, value func(bench.Sample) float64) {
		if len(r.Samples) < 2 {
			return
		}
		var xs, ys []float64
		for _, s := range r.Samples {
			xs, ys = append(xs, s.At), append(ys, value(s))
		}
		p := curve(title, xs, ys)
		p.Left, p.Right = number(xs[0])+" s", number(xs[len(xs)-1])+" s"
		p.Top += " " + unit
		out = append(out, p)
	}
	if r.Scenario != "idle" {
		over("Throughput", r.Unit+" a second", func(s bench.Sample) float64 { return s.PerSecond })
	}
	if r.Server != nil {
		over("Server's processor time", "% of a core", func(s bench.Sample) float64 { return 100 * s.ServerCPU })
		over("Server's memory", "MB", func(s bench.Sample) float64 { return float64(s.RSS) / (1 << 20) })
	}
	over("Generator's processor time", "% of a core", func(s bench.Sample) float64 { return 100 * s.OwnCPU })
	if p, ok := latencies(r.Latency); ok {
		out = append(out, p)
	}
	return out
}

// latencies plots which share arrived within which time; the time's scale is logarithmic.
func latencies(l bench.Latency) (plot, bool) {
	if len(l.Buckets) < 2 {
		return plot{}, false
	}
	var xs, ys []float64
	var sum int64
	for _, b := range l.Buckets {
		sum += b.Count
		xs, ys = append(xs, math.Log(float64(b.Upper)+1)), append(ys, 100*float64(sum)/float64(l.Count))
	}
	p := curve("Latency: share that arrived within", xs, ys)
	p.Left, p.Right, p.Top = short(l.Buckets[0].Upper), short(l.Buckets[len(l.Buckets)-1].Upper), "100 %"
	return p, true
}

// curve lays out points; the vertical axis begins at zero.
func curve(title string, xs, ys []float64) plot {
	top := 0.0
	for _, y := range ys {
		top = max(top, y)
	}
	width := xs[len(xs)-1] - xs[0]
	var points []byte
	for i := range xs {
		x, y := 0.0, 0.0
		if width > 0 {
			x = (xs[i] - xs[0]) / width
		}
		if top > 0 {
			y = ys[i] / top
		}
		points = appendPoint(points, plotEdge+x*(plotWidth-2*plotEdge), plotHeight-plotEdge-y*(plotHeight-2*plotEdge))
	}
	return plot{Title: title, Top: number(top), Points: string(points), Width: plotWidth, Height: plotHeight}
}

func appendPoint(b []byte, x, y float64) []byte {
	b = strconv.AppendFloat(b, x, 'f', 1, 64)
	b = append(b, ',')
	b = strconv.AppendFloat(b, y, 'f', 1, 64)
	return append(b, ' ')
}

// number writes a value of an axis with three digits.
func number(v float64) string {
	if v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

func pageTemplate() *template.Template {
	return template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Title}}</title>
<style>
body{font:15px/1.4 system-ui,sans-serif;max-width:44em;margin:2em auto;padding:0 1em;color:#222;background:#fff}
td,th{padding:.15em 1em .15em 0;text-align:left;vertical-align:top}
figure{margin:1.5em 0}figcaption{font-weight:600}
svg{background:#f6f6f4;width:100%;height:auto}polyline{fill:none;stroke:#2a6f97;stroke-width:1.5}
text{font-size:11px;fill:#555}.axis{stroke:#bbb}
</style></head><body>
<h1>{{.Title}}</h1><p>{{.Time}}</p>
<table>{{range .Rows}}<tr><th>{{.Name}}</th><td>{{.Value}}</td></tr>{{end}}</table>
{{range .Notes}}<p>Note: {{.}}</p>{{end}}
{{range .Plots}}<figure><figcaption>{{.Title}}</figcaption>
<svg viewBox="0 0 {{.Width}} {{.Height}}" role="img" aria-label="{{.Title}}"><line class="axis" x1="10" y1="170" x2="630" y2="170"/>
<polyline points="{{.Points}}"/><text x="12" y="20">{{.Top}}</text><text x="12" y="167">{{.Left}}</text><text x="628" y="167" text-anchor="end">{{.Right}}</text></svg></figure>
{{end}}</body></html>
`))
}
