# The front door.  `make help` says what each target does.

BUILD      ?= build
BUILD_TYPE ?= Release
PREFIX     ?= /usr/local
JOBS       ?= $(shell nproc)
CMAKE_ARGS ?=
CMAKE      := cmake
TIME       ?= 60
TIMES      ?= 20
SEEDS      ?= 200
LIVES      ?= 100
BENCH      ?=
ENTRIES    ?=
MIB        ?= 256
PEER       ?= /usr/bin/redis-server

.PHONY: all build run test lint check coverage threads fuzz soak seeds simulate differ mishaps failovers bench install clean help
all: build

build: ## release build of weir-server (installs missing build packages)
	@.ci/packages build
	@$(CMAKE) -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=$(BUILD_TYPE) $(CMAKE_ARGS) -DWEIR_TESTS=OFF -DWEIR_BENCH=OFF >/dev/null
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target weir-server

run: build ## build, then start the server on port 6379 with the shipped redis.conf
	@exec $(BUILD)/weir-server redis.conf

test: ## build and pass every test (installs what they need)
	@.ci/packages build test
	@.ci/npm-clients
	@$(CMAKE) -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=$(BUILD_TYPE) $(CMAKE_ARGS) -DWEIR_TESTS=ON -DWEIR_BENCH=OFF >/dev/null
	@$(CMAKE) --build $(BUILD) -j $(JOBS)
	@cd $(BUILD) && ctest --output-on-failure -j $(JOBS)

lint: ## formatting, clang-tidy, include directions, each header on its own
	@.ci/packages build test lint
	@.ci/lint

check: ## every test under AddressSanitizer and UBSan, without jemalloc, then lint
	@.ci/packages build test lint
	@.ci/npm-clients
	@$(CMAKE) -S . -B build-check -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g" -DWEIR_SANITIZE=ON -DWEIR_BENCH=OFF >/dev/null
	@$(CMAKE) --build build-check -j $(JOBS)
	@cd build-check && ctest --output-on-failure -j $(JOBS)
	@.ci/lint

coverage: ## which lines of the server the unit, model, wire and server tests run: per folder, then what is not
	@.ci/packages build test
	@$(CMAKE) -S . -B build-coverage -DCMAKE_C_COMPILER=gcc -DCMAKE_CXX_COMPILER=g++ -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O0 -g1" -DWEIR_COVERAGE=ON -DWEIR_BENCH=OFF >/dev/null
	@$(CMAKE) --build build-coverage -j $(JOBS) --target weir-server unit_tests model_tests wire_tests server_tests
	@.ci/coverage build-coverage $(JOBS)

threads: ## the tests of the helper threads under ThreadSanitizer, without jemalloc
	@.ci/packages build test
	@$(CMAKE) -S . -B build-threads -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g" -DWEIR_SANITIZE=ON -DWEIR_SANITIZER=thread -DWEIR_BENCH=OFF >/dev/null
	@$(CMAKE) --build build-threads -j $(JOBS) --target unit_tests model_tests server_tests
	@.ci/threads build-threads

fuzz: ## run every fuzz target for TIME seconds each (default 60)
	@.ci/packages build lint
	@$(CMAKE) -S . -B build-fuzz -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g" -DWEIR_SANITIZE=ON -DWEIR_FUZZ=ON -DWEIR_TESTS=OFF -DWEIR_BENCH=OFF >/dev/null
	@$(CMAKE) --build build-fuzz -j $(JOBS)
	@.ci/fuzz build-fuzz $(TIME)

soak: ## a primary and its replica under mixed load for TIME seconds (default 60)
	@.ci/packages build test
	@$(CMAKE) -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=$(BUILD_TYPE) $(CMAKE_ARGS) -DWEIR_TESTS=ON -DWEIR_BENCH=OFF >/dev/null
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target weir-server weir-soak
	@$(BUILD)/tests/soak/weir-soak $(TIME)

seeds: ## run the tests that draw lots with new seeds for TIME seconds (default 60)
	@.ci/packages build test
	@$(CMAKE) -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=$(BUILD_TYPE) $(CMAKE_ARGS) -DWEIR_TESTS=ON -DWEIR_BENCH=OFF >/dev/null
	@$(CMAKE) --build $(BUILD) -j $(JOBS)
	@.ci/seeds $(BUILD) $(TIME)

simulate: ## SEEDS simulated stories of a primary, replicas, disks and network, from a new seed on (default 200: minutes)
	@.ci/packages build test
	@$(CMAKE) -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=$(BUILD_TYPE) $(CMAKE_ARGS) -DWEIR_TESTS=ON -DWEIR_BENCH=OFF >/dev/null
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target simulation_tests
	@WEIR_SEED=new WEIR_STORIES=$(SEEDS) $(BUILD)/tests/simulation/simulation_tests '[seed]'

differ: ## LIVES times 5,000 random commands beside Debian's redis-server, in RESP2 and again in RESP3, from a new seed on (default 100: a million)
	@.ci/packages build test
	@$(CMAKE) -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=$(BUILD_TYPE) $(CMAKE_ARGS) -DWEIR_TESTS=ON -DWEIR_BENCH=OFF >/dev/null
	@$(CMAKE) --build $(BUILD) -j $(JOBS) --target weir-server differential_tests
	@WEIR_SEED=new WEIR_LIVES=$(LIVES) $(BUILD)/tests/differential/differential_tests 'Random stream commands*'

mishaps: ## TIMES mishaps of a primary and its replicas, under load and with a new seed (default 20)
	@.ci/packages build test
	@$(CMAKE) -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=$(BUILD_TYPE) $(CMAKE_ARGS) -DWEIR_TESTS=ON -DWEIR_BENCH=OFF >/dev/null
	@$(CMAKE) --build $(BUILD) -j $(JOBS)
	@WEIR_SEED=new WEIR_MISHAPS=$(TIMES) $(BUILD)/tests/server_tests '[torture]'

failovers: ## TIMES failovers by Sentinel in each way there is, under load (default 20; half an hour)
	@.ci/packages build test
	@$(CMAKE) -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=$(BUILD_TYPE) $(CMAKE_ARGS) -DWEIR_TESTS=ON -DWEIR_BENCH=OFF >/dev/null
	@$(CMAKE) --build $(BUILD) -j $(JOBS)
	@WEIR_FAILOVERS=$(TIMES) $(BUILD)/tests/server_tests '[campaign]'

bench: ## measure beside a peer server, and a PEL: BENCH=scenario[,...]|log-costs|replication-costs|hostile-costs|pending-costs|freeing-stalls|scale|snapshot-costs MIB=… ENTRIES=… PEER=/path/to/redis-server
	@.ci/packages build bench
	@$(CMAKE) -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=Release $(CMAKE_ARGS) -DWEIR_TESTS=OFF -DWEIR_BENCH=ON >/dev/null
	@$(CMAKE) --build $(BUILD) -j $(JOBS)
	@[ -n "$(filter pending-costs freeing-stalls scale snapshot-costs,$(BENCH))" ] || $(BUILD)/tests/bench/weir-bench --server $(BUILD)/weir-server --peer $(PEER) --only "$(BENCH)" $(if $(MIB),--mib $(MIB)) --json $(BUILD)/bench.json
	@[ -n "$(filter-out pending-costs,$(BENCH))" ] || $(BUILD)/tests/bench/pending-costs
	@[ "$(BENCH)" != freeing-stalls ] || $(BUILD)/tests/bench/freeing-stalls $(BUILD)/weir-server
	@[ "$(BENCH)" != scale ] || $(BUILD)/tests/bench/scale-costs $(BUILD)/weir-server $(ENTRIES)
	@[ "$(BENCH)" != snapshot-costs ] || for server in $(BUILD)/weir-server $(PEER); do $(BUILD)/tests/bench/snapshot-costs $$server $(MIB); done

install: build ## install the server and redis.conf below PREFIX (default /usr/local)
	@$(CMAKE) --install $(BUILD) --prefix $(PREFIX) --strip

clean: ## remove everything that was built
	@rm -rf build build-check build-coverage build-threads build-fuzz

help: ## this text
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile
