package bench

import (
	"fmt"
	"os"
	"time"

	"github.com/stonechat-im/stonechat/bench/hist"
	"github.com/stonechat-im/stonechat/bench/proc"
)

// Result is what a run measured. Times are of the measured part of the run; what was lost, doubled and reordered is of
// the whole of it.
type Result struct {
	Scenario  string    `json:"scenario"`
	Label     string    `json:"label"`
	Unit      string    `json:"unit"`
	Time      time.Time `json:"time"`
	Transport Transport `json:"transport"`
	Acks      bool      `json:"acks,omitempty"`
	Rate      float64   `json:"rate,omitempty"` // asked for; 0 is as fast as it went
	Size      int       `json:"size"`           // bytes of a message
	Sessions  int       `json:"sessions"`

	Seconds   float64 `json:"seconds"`
	Done      int64   `json:"done"` // units
	PerSecond float64 `json:"per_second"`

	Sent      int64 `json:"sent"`      // deliveries that had to be
	Delivered int64 `json:"delivered"` // and were
	Lost      int64 `json:"lost"`
	Doubled   int64 `json:"doubled"`
	Reordered int64 `json:"reordered"`
	Refused   int64 `json:"refused"`           // stanzas that came back as errors
	Unacked   int64 `json:"unacked,omitempty"` // stanzas that the server never acknowledged (XEP-0198)
	Strays    int64 `json:"strays,omitempty"`  // deliveries to somebody they were not for
	Dropped   int64 `json:"dropped"`           // streams that ended without being asked to
	Failed    int64 `json:"failed,omitempty"`  // logins
	Items     int64 `json:"items,omitempty"`   // mam: messages on the pages

	Latency Latency  `json:"latency"`
	Late    Latency  `json:"late"` // how far behind its schedule the generator wrote
	Parts   []Part   `json:"parts,omitempty"`
	Server  *Server  `json:"server,omitempty"`
	Own     Own      `json:"generator"`
	Samples []Sample `json:"samples"`
	Notes   []string `json:"notes,omitempty"`
}

// Latency is from sending to arrival.
type Latency struct {
	P50     time.Duration `json:"p50_ns"`
	P95     time.Duration `json:"p95_ns"`
	P99     time.Duration `json:"p99_ns"`
	Max     time.Duration `json:"max_ns"`
	Count   int64         `json:"count"`
	Buckets []hist.Bucket `json:"buckets,omitempty"`
}

// Part is one kind of stanza in a mixed load.
type Part struct {
	Name      string  `json:"name"`
	Delivered int64   `json:"delivered"`
	Latency   Latency `json:"latency"`
}

// Server is what the server used.
type Server struct {
	CPU          float64 `json:"cpu_seconds"`
	Per1000      float64 `json:"cpu_ms_per_1000"` // milliseconds for 1000 units
	RSSBefore    int64   `json:"rss_before"`      // bytes, before the first session
	RSSSettled   int64   `json:"rss_settled"`     // with all sessions and before the load
	RSSAfter     int64   `json:"rss_after"`
	PSSBefore    int64   `json:"pss_before,omitempty"`
	PSSSettled   int64   `json:"pss_settled,omitempty"`
	PerSession   float64 `json:"rss_per_session"`
	IdlePerHour  float64 `json:"idle_cpu_ms_per_session_hour,omitempty"` // idle only
	CPUOfOneCore float64 `json:"cpu_share"`                              // 1 is one core all the time
}

// Own is what the generator used itself.
type Own struct {
	CPU     float64 `json:"cpu_seconds"`
	Per1000 float64 `json:"cpu_ms_per_1000"`
}

// Sample is what went on in one interval.
type Sample struct {
	At        float64 `json:"at"` // seconds since the run began
	PerSecond float64 `json:"per_second"`
	ServerCPU float64 `json:"server_cpu"` // share of one core
	OwnCPU    float64 `json:"own_cpu"`
	RSS       int64   `json:"rss"`
}

func newSample(base time.Time, from, to moment) Sample {
	s := to.at.Sub(from.at).Seconds()
	return Sample{
		At:        to.at.Sub(base).Seconds(),
		PerSecond: float64(to.done-from.done) / s,
		ServerCPU: (to.server.CPU - from.server.CPU).Seconds() / s,
		OwnCPU:    (to.own.CPU - from.own.CPU).Seconds() / s,
		RSS:       to.server.RSS,
	}
}

// ownUse is what this process has used, as far as the system tells.
func ownUse() (proc.Use, error) {
	u, err := proc.Read(os.Getpid(), false)
	if os.IsNotExist(err) {
		return u, nil
	}
	return u, err
}

func latencyOf(h *hist.Histogram, buckets bool) Latency {
	l := Latency{P50: h.Quantile(0.5), P95: h.Quantile(0.95), P99: h.Quantile(0.99), Max: h.Max(), Count: h.Count()}
	if buckets {
		l.Buckets = h.Buckets()
	}
	return l
}

// result counts up. The readers have ended.
func (l *load) result(s *Scenario) *Result {
	seconds := l.end.at.Sub(l.start.at).Seconds()
	r := &Result{
		Scenario: s.Name, Label: l.cfg.Label, Unit: s.Unit, Time: l.start.at, Transport: l.cfg.Transport, Acks: l.cfg.Acks,
		Rate: l.cfg.Rate, Size: l.cfg.Size, Sessions: len(l.conns), Seconds: seconds, Done: l.end.done - l.start.done,
		Dropped: l.dropped.Load(), Failed: l.failed.Load(), Strays: l.strays.Load(), Samples: l.samples, Notes: l.notes,
		Late: latencyOf(&l.late, false),
	}
	r.PerSecond = float64(r.Done) / seconds
	l.countLanes(r)
	latency := &l.logins
	if len(l.groups) > 0 {
		latency = new(hist.Histogram)
		for _, g := range l.groups {
			latency.Add(&g.latency)
		}
	}
	r.Latency = latencyOf(latency, true)
	if len(l.groups) > 1 {
		for _, g := range l.groups {
			p := Part{Name: g.name, Latency: latencyOf(&g.latency, true)}
			for _, ln := range g.lanes {
				p.Delivered += ln.delivered.Load()
			}
			r.Parts = append(r.Parts, p)
		}
		r.Parts = append(r.Parts, Part{Name: "login", Delivered: l.done.Load(), Latency: latencyOf(&l.logins, true)})
	}
	l.cost(r, s)
	return r
}

// countLanes adds up what lanes sent and what became of it.
func (l *load) countLanes(r *Result) {
	if len(l.lanes) == 0 {
		r.Sent, r.Delivered = r.Done, r.Done
	}
	for _, ln := range l.lanes {
		r.Sent += (ln.numberSent() - ln.refused.Load()) * ln.n
		r.Refused += ln.refused.Load()
	}
	for _, c := range l.conns {
		tracks := c.tracks.Load()
		if tracks == nil {
			continue
		}
		for _, t := range *tracks {
			r.Delivered += t.seen
			r.Doubled += t.doubled
			r.Reordered += t.reordered
		}
		if l.cfg.Scenario == "mam" {
			r.Items += c.others.Load() - c.before
		}
	}
	if len(l.lanes) > 0 {
		r.Lost = r.Sent - r.Delivered
		r.Unacked = l.unacked()
	}
}

// cost adds what server and generator used.
func (l *load) cost(r *Result, s *Scenario) {
	per1000 := func(d time.Duration) float64 {
		if r.Done == 0 {
			return 0
		}
		return d.Seconds() * 1e6 / float64(r.Done)
	}
	own := l.end.own.CPU - l.start.own.CPU
	r.Own = Own{CPU: own.Seconds(), Per1000: per1000(own)}
	if l.cfg.ServerPID == 0 {
		return
	}
	cpu := l.end.server.CPU - l.start.server.CPU
	r.Server = &Server{
		CPU: cpu.Seconds(), Per1000: per1000(cpu), CPUOfOneCore: cpu.Seconds() / r.Seconds,
		RSSBefore: l.before.RSS, RSSSettled: l.settled.RSS, RSSAfter: l.end.server.RSS,
		PSSBefore: l.before.PSS, PSSSettled: l.settled.PSS,
	}
	if r.Sessions > 0 {
		r.Server.PerSession = float64(l.settled.RSS-l.before.RSS) / float64(r.Sessions)
	}
	if s.Name == "idle" && r.Sessions > 0 {
		r.Server.IdlePerHour = cpu.Seconds() * 1000 / r.Seconds * 3600 / float64(r.Sessions)
	}
}

// say shows a line of progress while a scenario is set up.
func (l *load) say(format string, args ...any) {
	if l.cfg.Progress != nil {
		fmt.Fprintf(l.cfg.Progress, "\r%-100s", fmt.Sprintf("%s %s: "+format, append([]any{l.cfg.Label, l.cfg.Scenario}, args...)...))
	}
}
