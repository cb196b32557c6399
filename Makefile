# make run: a server for localhost to try out. make test: everything that CI checks.

GO ?= go
ARGS ?=
export CGO_ENABLED = 0

.PHONY: run build test check unit test-race fuzz-seeds bench peers

run: build
	./bin/stonechat serve $(ARGS)

build:
	$(GO) build -trimpath -o bin/stonechat ./cmd/stonechat

# The programs of others that tests talk to come first, and what could not be installed is said last.
test: peers check unit test-race
	@sh scripts/peers.sh report

peers:
	@sh scripts/peers.sh install

# modernc.org's tests need modules that are not there, which plain "go mod tidy" takes for a failure.
check:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; }
	$(GO) mod tidy -e -diff
	$(GO) vet ./...

unit:
	$(GO) test ./...

# The race detector needs a C compiler; nothing else does.
test-race:
	@if command -v cc >/dev/null 2>&1; then \
		echo "$(GO) test -race ./..."; CGO_ENABLED=1 $(GO) test -race ./...; \
	else echo "skipped: the race detector (no C compiler)"; fi

# The seeds of every fuzz target, as plain tests.
fuzz-seeds:
	$(GO) test -run '^Fuzz' ./...

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...
