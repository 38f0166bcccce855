# What a person types. CI runs the same.
GO ?= go
TESTFLAGS ?=
LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: run test lint bench e2e fuzz clean

run: ## start everything on ./data, with the built-in example in an empty folder
	$(GO) run ./cmd/counterpoint run

test: ## every test; those that need ../shared, Chromium or strace say so when they skip
	$(GO) test $(TESTFLAGS) ./...

lint: ## vet and the linters of .golangci.yml
	$(GO) vet ./...
	$(GO) run $(LINT) run ./...

bench: ## benchmarks, without the tests
	$(GO) test -run '^$$' -bench . -benchmem ./...

e2e: ## the newcomer's path in a real browser, and the kill test
	$(GO) test -count 1 -v -run 'TestBrowser|TestKill' ./cmd/counterpoint

fuzz: ## each fuzz target for a while
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $${FUZZTIME:-20s} -fuzzminimizetime 20x $$p || exit 1; \
	  done; done

clean:
	rm -rf bin .cache
