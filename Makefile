# make run: a server for localhost to try out. make test: everything that CI checks.

GO ?= go
ARGS ?=
export CGO_ENABLED = 0

.PHONY: run build test check unit test-race fuzz-seeds bench bench-peers peers soak

run: build
	./bin/stonechat serve $(ARGS)

build:
	$(GO) build -trimpath -o bin/stonechat ./cmd/stonechat

# The programs of others that tests talk to come first, and what could not be installed is said last.
test: peers check unit test-race
	@sh scripts/peers.sh report

peers:
	@sh scripts/peers.sh install

# go.mod must be tidy. Not go.sum: what belongs there hangs on which of modernc.org's test dependencies can be had, and
# plain "go mod tidy" fails where one cannot.
check:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; }
	@! $(GO) mod tidy -e -diff 2>/dev/null | grep -A40 '^diff current/go.mod' || { echo "go.mod is not tidy: run go mod tidy -e"; exit 1; }
	$(GO) vet ./...

unit:
	$(GO) test ./...

# The race detector needs a C compiler; nothing else does.
test-race:
	@if command -v cc >/dev/null 2>&1; then \
		echo "$(GO) test -race -short ./..."; CGO_ENABLED=1 $(GO) test -race -short ./...; \
	else echo "skipped: the race detector (no C compiler)"; fi

# The seeds of every fuzz target, as plain tests.
fuzz-seeds:
	$(GO) test -run '^Fuzz' ./...

# Stonechat beside ejabberd and Prosody, in one run on one machine; an hour as it is, less with REPS=1 LENGTH=4s IDLE=2000.
bench-peers:
	@bash scripts/bench-peers.sh

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

# A long run under load with kill -9 in between: nothing acknowledged may be lost. SOAK and KILL say how long and how often.
SOAK ?= 20m
KILL ?= 20s
soak:
	$(GO) test ./internal/faults -count=1 -timeout 0 -v -run '^TestSoak$$' -args -soak $(SOAK) -kill $(KILL)
