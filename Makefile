# Two commands are enough for a newcomer: `make run` and `make test`.
# ARGS goes to the server: `make run ARGS=--demo`.

CARGO ?= cargo
NPM   ?= npm
DATA  ?= data
ARGS  ?=
SIMULATION := $(CARGO) test --locked --profile simulation -p rill-server --test simulation
DEV_ORIGIN := http://localhost:5173

WEB := web-client
PAGE_SOURCES := $(shell find $(WEB)/src $(WEB)/public $(WEB)/index.html $(WEB)/vite.config.ts $(WEB)/emoji_data.ts $(WEB)/tsconfig*.json -type f 2>/dev/null)

.PHONY: run dev test page release browser-binaries transport-host moved-clock chromium servers check rust-tests simulation simulate page-tests browser-tests browsers browser-files fuzz power-cut power-cuts deny scan bench criterion locust locust-tests hostile chaos file-kills slow clean

run: page
	$(CARGO) build --release --locked --bin rill
	target/release/rill serve --data $(DATA) $(ARGS)

# Vite with hot reload on $(DEV_ORIGIN). It talks to the server that `make run
# ARGS="--allow-origin $(DEV_ORIGIN)"` started in another terminal.
dev: $(WEB)/node_modules/.installed
	cd $(WEB) && $(NPM) run dev

test: check rust-tests simulation power-cuts page-tests locust-tests browser-tests
	@echo "make test: everything passed"

# --- what is built ----------------------------------------------------------

$(WEB)/node_modules/.installed: $(WEB)/package.json $(WEB)/package-lock.json
	cd $(WEB) && $(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB)/dist/index.html: $(WEB)/node_modules/.installed $(PAGE_SOURCES)
	cd $(WEB) && $(NPM) run build
	@touch $@

page: $(WEB)/dist/index.html

release: page
	$(CARGO) build --release --locked

# --- what is tested ---------------------------------------------------------

check:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

# The generated TypeScript and the vectors are checked here too, and the page as it is served;
# and that the fuzz targets still build and pass what they once failed.
rust-tests: page servers
	CARGO="$(CARGO)" scripts/rust-tests

# 20 cuts of power under each engine, about a minute. Without root it says so, and fails in CI.
# Of the whole workspace, as above: a crate alone is another choice of features, and built anew.
power-cuts:
	$(CARGO) test --locked --workspace --test power

# The whole server in one thread, lived through three thousand times, and on several nodes a hundred
# and fifty times, and bugs on purpose.
simulation:
	SEEDS=3000 NODE_SEEDS=150 $(SIMULATION)

page-tests: $(WEB)/node_modules/.installed
	cd $(WEB) && $(NPM) run typecheck
	cd $(WEB) && $(NPM) run lint
	cd $(WEB) && $(NPM) run test

# The client that Locust drives, against the golden vectors and docs/protocol.md; Python alone.
locust-tests:
	PYTHONDONTWRITEBYTECODE=1 python3 -m unittest discover -s bench/rill_locust/tests -t bench

browser-tests: browser-binaries transport-host moved-clock chromium
	cd $(WEB) && CHROMIUM_PATH="$${CHROMIUM_PATH:-$$(command -v chromium || command -v chromium-browser)}" $(NPM) run e2e

# What the browser tests start, of what users run. Optimising rill-bench too takes minutes.
browser-binaries: page
	$(CARGO) build --release --locked --bin rill --bin rill-chat

# The contract suite's host as a program, for the browser that plays the peer; `cargo test`
# has built it already.
transport-host:
	$(CARGO) build --locked --workspace --example transport-host

# The server by a clock that a browser test moves. It serves the page that `page` built.
moved-clock: page
	$(CARGO) build --locked --workspace --example moved-clock

chromium:
	@scripts/install-chromium

servers:
	@scripts/install-servers
	@scripts/install-s3-server

# --- longer runs, outside `make test` ---------------------------------------

# More lives: `make simulate SEEDS=1000000`, or one to read: `make simulate SEED=42`.
simulate:
	$(if $(SEED),SEED=$(SEED)) $(if $(NODE_SEED),NODE_SEED=$(NODE_SEED)) SEEDS=$(or $(SEEDS),100000) NODE_SEEDS=$(or $(NODE_SEEDS),10000) $(SIMULATION) every_seed -- --nocapture

# Firefox and WebKitGTK log in, send and receive. Installs big packages of Debian.
browsers: release
	@scripts/install-browsers
	cd $(WEB) && $(NPM) run browsers

# 64 MiB up and down in Chromium, over WebTransport and WebSocket in turn: `make browser-files
# FILES_PAIRS=9`. Needs a quiet machine.
browser-files: browser-binaries chromium
	cd $(WEB) && FILES_PAIRS=$(or $(FILES_PAIRS),5) FILES_MIB=$(or $(FILES_MIB),64) FILES_JSON=$(CURDIR)/target/browser-files.json \
		CHROMIUM_PATH="$${CHROMIUM_PATH:-$$(command -v chromium || command -v chromium-browser)}" $(NPM) run measure

# Every fuzz target for a while: `make fuzz FUZZ_SECONDS=600`.
FUZZ_SECONDS ?= 30
fuzz:
	scripts/fuzz $(FUZZ_SECONDS)

# Cuts the power of a recorded disk under both engines: `make power-cut POWER_CUTS=200`.
# Linux and root; see storage/tests/power/main.rs.
POWER_CUTS ?= 60
power-cut:
	CI=true POWER_CUTS=$(POWER_CUTS) $(CARGO) test --locked -p rill-storage --test power

# Licences, bans and sources of every dependency; needs no network.
deny:
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	$(CARGO) deny --offline check licenses bans sources

# Public scanners: TLS by sslyze, the API by schemathesis; needs Python.
scan: release
	scripts/scan

# The figures of docs/performance.md.
bench: release
	scripts/bench

# Codec, mux, hub and appends each by itself, beside the figures of the run before: `make criterion
# ARGS="hub --save-baseline before"`, later `--baseline before`. Needs a quiet machine.
criterion:
	$(CARGO) bench --locked --workspace --bench codec --bench mux --bench hub --bench append -- $(ARGS)

# A team that posts at the same instants, by Locust: `make locust ARGS="--run-time 60s"`.
locust: $(if $(RILL_BIN),,browser-binaries)
	scripts/locust $(ARGS)

# A live chat beside everything that can be done to its server: `make hostile
# ARGS="--only deaf_readers --seconds 60"`. Needs a quiet machine for its latencies.
hostile: release
	target/release/rill-bench hostile --json target/hostile.json $(ARGS)

# A loaded server with 100,000 messages is killed and asked to end, again and again, over
# either engine; every ack and every delivery is checked. `make chaos KILLS=50`.
KILLS ?= 20
chaos: release
	for engine in sled fjall; do for signal in KILL TERM; do \
		target/release/rill-bench chaos --engine $$engine --signal $$signal --kills $(KILLS) \
			--json target/chaos-$$engine-$$signal.json $(ARGS) || exit 1; \
	done; done

# Small files over each transport while client, server or network are killed at random
# places, 100 times each; `make test` does it ten times. `make file-kills FILE_KILLS_SEED=7`.
file-kills:
	$(CARGO) build --locked --bin rill
	FILE_KILLS=$(or $(FILE_KILLS),100) FILE_KILLS_SEED=$(or $(FILE_KILLS_SEED),1) \
		$(CARGO) test --locked --workspace --test live -- files::kills --nocapture

# A room at full rate with sessions that never read, beside the same room without them.
slow: release
	target/release/rill-bench slow --json target/slow.json $(ARGS)

clean:
	$(CARGO) clean
	rm -rf $(WEB)/dist $(WEB)/node_modules
