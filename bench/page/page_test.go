package page_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/bench"
	"github.com/stonechat-im/stonechat/bench/hist"
	"github.com/stonechat-im/stonechat/bench/page"
)

func result() *bench.Result {
	return &bench.Result{
		Scenario: "chat", Label: "a <server>", Unit: "message", Transport: bench.StartTLS, Rate: 1000, Sessions: 100,
		Seconds: 10, Done: 10000, PerSecond: 1000, Sent: 12000, Delivered: 11998, Lost: 2, Refused: 1,
		Latency: bench.Latency{P50: 120 * time.Microsecond, P95: 2 * time.Millisecond, P99: 15 * time.Millisecond, Max: 2 * time.Second, Count: 3,
			Buckets: []hist.Bucket{{Upper: 1000, Count: 1}, {Upper: 2000000, Count: 2}}},
		Server:  &bench.Server{CPU: 1.5, Per1000: 150, RSSBefore: 20 << 20, RSSSettled: 25 << 20, RSSAfter: 30 << 20},
		Own:     bench.Own{CPU: 0.5, Per1000: 50},
		Samples: []bench.Sample{{At: 1, PerSecond: 900}, {At: 2, PerSecond: 1000}},
		Notes:   []string{"the server said <conflict/>"},
	}
}

func TestTextTellsWhatHappened(t *testing.T) {
	var b strings.Builder
	if err := page.Text(&b, result()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a <server>: chat, starttls, 1000 a second", "2 / 0 / 0", "p50 120 µs, p95 2.00 ms, p99 15.0 ms, max 2.00 s",
		"150.0 ms for 1000", "20 MB before, 25 MB with the sessions, 30 MB after", "<conflict/>"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in:\n%s", want, b.String())
		}
	}
}

func TestHTMLIsWellFormedAndEscaped(t *testing.T) {
	var b strings.Builder
	if err := page.HTML(&b, result()); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if strings.Contains(text, "<server>") || strings.Contains(text, "<conflict/>") {
		t.Error("not escaped")
	}
	if n := strings.Count(text, "<polyline"); n != 5 {
		t.Errorf("%d plots", n)
	}
	if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Error("a plot has no scale")
	}
	dec := xml.NewDecoder(strings.NewReader(strings.Replace(text, "<meta charset=\"utf-8\">", "", 1)))
	for {
		_, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in:\n%s", err, text)
		}
	}
}

func TestHTMLOfAnEmptyResult(t *testing.T) {
	if err := page.HTML(io.Discard, new(bench.Result)); err != nil {
		t.Error(err)
	}
}

func ExampleText() {
	r := result()
	r.Server, r.Notes, r.Refused, r.Label = nil, nil, 0, "montague.example"
	_ = page.Text(os.Stdout, r)
	// Output:
	// montague.example: chat, starttls, 1000 a second
	//   sessions                    100
	//   measured                    10.0 s
	//   done                        10000 × message, 1000 a second
	//   sent / delivered            12000 / 11998
	//   lost / doubled / reordered  2 / 0 / 0
	//   latency                     p50 120 µs, p95 2.00 ms, p99 15.0 ms, max 2.00 s
	//   generator CPU               0.50 s, 50.0 ms for 1000
}
