# What a person types. CI runs the same.
GO ?= go
TESTFLAGS ?=
LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

SERVERS ?= /var/tmp/counterpoint-servers

.PHONY: run test lint bench e2e fuzz tables servers servers-stop clean

run: ## start everything on ./data, with the built-in example in an empty folder
	$(GO) run ./cmd/counterpoint run

test: ## every test; those that need ../shared, Chromium, strace or servers say so when they skip
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

LABELLED ?= ../shared/data/hate

tables: ## thresholds, calibration and golden tables again, after a change of the model or of a word list
	$(GO) run ./cmd/counterpoint train calibration --data $(LABELLED) --out classify/threshold/calibration.tsv
	$(GO) run ./cmd/counterpoint train thresholds --data $(LABELLED) --out classify/threshold/thresholds.tsv
	$(GO) test ./classify/quality -run 'TestStage|TestFunctional|TestHate$$' -update

servers: ## a real Kafka and Elasticsearch on this machine, without docker; downloads 1 GB the first time
	@bash deploy/local/start.sh $(SERVERS) >$(SERVERS).env || { rm -f $(SERVERS).env; exit 1; }
	@. $(SERVERS).env && printf '%s\n' "They run. For the tests:" \
	  "  export COUNTERPOINT_TEST_KAFKA=$$COUNTERPOINT_TEST_KAFKA COUNTERPOINT_TEST_ELASTIC=$$COUNTERPOINT_TEST_ELASTIC" \
	  "For the program:" \
	  "  counterpoint run --stream kafka://$$COUNTERPOINT_TEST_KAFKA --index $$COUNTERPOINT_TEST_ELASTIC" \
	  "Their data and logs are in $(SERVERS). End them with: make servers-stop$(if $(filter-out /var/tmp/counterpoint-servers,$(SERVERS)), SERVERS=$(SERVERS))"

servers-stop: ## end what 'make servers' started; the data stays
	@bash deploy/local/stop.sh $(SERVERS) && rm -f $(SERVERS).env

clean:
	rm -rf bin .cache
