# Thin: every target is a preset (CMakePresets.json) or a script of tools/. `make` alone prints what there is.

JOBS ?= $(shell nproc)
TEST_JOBS ?= 2
PREFIX ?= /usr/local
export CMAKE_GENERATOR ?= $(if $(shell command -v ninja),Ninja,Unix Makefiles)

configure = cmake --preset $(1) >/dev/null
compile = $(call configure,$(1)) && cmake --build build/$(filter-out release,$(1)) -j $(JOBS)
ctest = tools/ctest build/$(1) -j $(TEST_JOBS)

# gcc's ThreadSanitizer cannot live with every address layout that recent kernels draw.
fixed_layout = $(shell setarch -R true 2>/dev/null && echo setarch -R)

.PHONY: help build run test lint check san kern e2e soak torture fuzz bench cover fresh pocket oracle fmt install clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

build: ## Build the program and the libraries: build/edgewise, build/libedgewise.{so,a}
	$(call compile,release)

run: build ## Run it: make run ARGS='MODEL -p "Hello"'
	build/edgewise run $(ARGS)

test: ## Build with invariants checked and run every test
	$(call compile,dev)
	$(call ctest,dev)

lint: ## Style, rooms, headers, public symbols; release and clang builds without warnings
	tools/tidy
	tools/format --check
	tools/headers
	$(call compile,release)
	tools/symbols build/libedgewise.so
	$(call compile,clang)

check: lint test ## What a change must pass: lint, then test

# The tests whose programs start threads of their own; of the engine's most do.
threaded = ^unit\.(os\.(guard|thread)|engine|measure\.states|serve)|^golden\.(adapters|scheduled)$$|^cli\.(run|eval|quantize)$$
threadless = ^unit\.engine\.(sampler|windows|routed|tree|state|stops)$$
# Tests that ask for nothing but the bits of other levels, whose kernels are not instrumented, or of mean
# divergences: their code runs instrumented in the other golden tests and in cli.quantize*.
bits_alone = ^golden\.(calibrated|levels|quantized)$$|^cli\.quantized_ids$$

san: ## Tests under AddressSanitizer and UndefinedBehaviorSanitizer; those of threads under ThreadSanitizer
	$(call compile,asan)
	$(call ctest,asan) -LE long -E '$(bits_alone)'
	$(call compile,tsan)
	$(fixed_layout) $(call ctest,tsan) -R '$(threaded)' -E '$(threadless)'

kern: ## Compare every kernel with the C reference at each instruction-set level; Arm's under qemu
	$(call compile,dev)
	JOBS=$(JOBS) tools/kern

e2e: ## Real clients against the server (needs the registries of PyPI and npm)
	$(call configure,dev) && cmake --build build/dev -j $(JOBS) --target edgewise soak make-tiny-model
	tests/e2e/prepare build/e2e
	cmake -S tests/e2e -B build/e2e -D EDGEWISE=$(CURDIR)/build/dev/edgewise >/dev/null
	$(call ctest,e2e)

torture: ## Make the Nth allocation or file call fail, for every N
	$(call compile,asan)
	$(call ctest,asan) -L torture

T ?= all
SECONDS ?= 60
fuzz: ## Fuzz one parser, or all in turn: make fuzz T=gguf SECONDS=1800
	$(call compile,fuzz)
	tools/fuzz build/fuzz/tests $(T) $(SECONDS)

bench: build ## Measure: make bench ARGS='-m MODEL --prompt-tokens 512 --gen-tokens 128'
	build/edgewise bench $(ARGS)

MINUTES ?= 60
# A second model, which the server opens and closes meanwhile, where the fixtures have one.
soak_other = $(wildcard $(EDGEWISE_FIXTURES)/models/stories260K-f32.gguf)
soak: build ## Many clients at a server, every answer compared, its memory watched: make soak MINUTES=2
	cmake --build build --target soak
	build/tests/soak/soak build/edgewise models/pocket/package --minutes $(MINUTES) \
	  $(if $(soak_other),--other $(soak_other)) --json build/soak.json --plot build/rss.svg

cover: ## Line and branch coverage of src/ by the tests
	$(call compile,cover)
	find build/cover -name '*.gcda' -delete
	$(call ctest,cover)
	tools/cover build/cover

fresh: ## The README's two commands in a bare Debian 12 (needs root and a package mirror)
	tools/fresh

pocket: build ## Train the model of models/pocket on this CPU and score it
	models/pocket/make build

oracle: build ## Compare the tokenizers with Hugging Face's on 10,000 texts each
	tests/conformance/oracle build

fmt: ## Format the C sources in place
	tools/format

install: ## Install to PREFIX (default /usr/local)
	cmake --preset release -DCMAKE_INSTALL_PREFIX=$(PREFIX) >/dev/null && cmake --build build -j $(JOBS)
	cmake --install build

clean: ## Remove build/
	rm -rf build
