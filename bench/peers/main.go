// Command peers makes docs/benchmarks.md of the results that scripts/bench-peers.sh gathers: one JSON file of `stonechat
// bench` for each row, server and repetition, named ROW.SERVER.N.json. It computes medians and ratios, and says plainly
// where a server is not the best. It keeps no state. Start reading at rows, then report.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/stonechat-im/stonechat/bench"
)

func main() {
	dir := flag.String("results", "", "folder with results and the files machine.txt and versions.txt")
	flag.Parse()
	if err := run(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	all, err := read(dir)
	if err != nil {
		return err
	}
	text := make(map[string]string)
	for _, name := range []string{"machine", "versions"} {
		b, err := os.ReadFile(filepath.Join(dir, name+".txt"))
		if err != nil {
			return err
		}
		text[name] = strings.TrimSpace(string(b))
	}
	_, err = os.Stdout.WriteString(report(all, text["machine"], text["versions"]))
	return err
}

// results are by row and server.
type results map[string]map[string][]*bench.Result

func read(dir string) (results, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no results in %s", dir)
	}
	all := make(results)
	for _, f := range files {
		parts := strings.Split(filepath.Base(f), ".")
		if len(parts) != 4 {
			return nil, fmt.Errorf("%s is not named ROW.SERVER.N.json", f)
		}
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		r := new(bench.Result)
		if err := json.Unmarshal(b, r); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		row, server := parts[0], parts[1]
		if all[row] == nil {
			all[row] = make(map[string][]*bench.Result)
		}
		all[row][server] = append(all[row][server], r)
	}
	return all, nil
}
