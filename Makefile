# Every target sets up .venv by itself: Python 3.11, make and the package registries are all it needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/.flowc-ready
FUZZ_SECONDS ?= 300
SOAK_SECONDS ?= 600
WIDTH ?= 10000
WORKERS ?= 5  # two cores: a test on an engine waits as much as it works
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist loadgroup --no-loadscope-reorder  # tests/conftest.py has the order
SAMPLED := $(if $(SEED),tests/conformance tests/mutation,tests)
DEMO := demo-output
TARGETS := $(wildcard targets/*/pyproject.toml)

# Thousands of processes begin, each with a hundred modules: they read bytecode, whatever the machine says of writing it.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test check docs golden bench sample conformance mutation fuzz fuzz-sources soak wide test-argo release clean

help:
	@echo "make demo         train and predict on taxi trips, here; then compile both flows for every target"
	@echo "make test         the tests, engines included"
	@echo "make check        format, lint, layers, types, and the site of the documents, strictly built"
	@echo "make docs         the site of the documents, into build/site"
	@echo "make sample       what make test leaves; new flows and mutants on every engine, of seeds that follow from the commit, or from SAMPLE=…"
	@echo "make sample SEED=…  what one seed gives, alone"
	@echo "make golden       write the golden files anew; then read the diff"
	@echo "make bench        measure against Metaflow, into bench/RESULTS.md; some rows alone: .venv/bin/python -m bench --help"
	@echo "make conformance  the long form: more generated flows on every engine"
	@echo "make mutation     the long form: more right flows with one thing changed"
	@echo "make fuzz         fuzz-sources for FUZZ_SECONDS (300), then new flows on every engine until interrupted"
	@echo "make fuzz-sources broken flows, random Python and random bytes through check and create, until interrupted"
	@echo "make soak         random flows for SOAK_SECONDS (600), while processes are killed, stores refuse and files are damaged"
	@echo "make wide         a foreach of WIDTH (10000) children on Argo and Step Functions, and what they leave against the local run: hours"
	@echo "make release      wheels and sdists of flowc, flowc-runtime and the targets into dist/, and what must hold of them"
	@echo "make test-argo    the conformance suite on a real Argo (FLOWC_ARGO_* name it)"

$(READY): pyproject.toml $(TARGETS)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[test,dev,docs]' $(patsubst %/pyproject.toml,--editable %,$(TARGETS))
	touch $@

demo: $(READY)
	rm -rf $(DEMO)
	$(BIN)/python examples/taxi/make_data.py $(DEMO)/s3/taxi
	cd examples/taxi && FLOWC_S3_ROOT=file:$(CURDIR)/$(DEMO)/s3 $(CURDIR)/$(BIN)/flowc run --store file:$(CURDIR)/$(DEMO)/store --root . train.py
	cd examples/taxi && FLOWC_S3_ROOT=file:$(CURDIR)/$(DEMO)/s3 $(CURDIR)/$(BIN)/flowc run --store file:$(CURDIR)/$(DEMO)/store --root . predict.py
	for target in airflow argo step-functions; do \
	    $(BIN)/flowc $$target create --root examples/taxi -o $(DEMO)/$$target/ examples/taxi/train.py examples/taxi/predict.py || exit 1; \
	done
	@echo "predictions: $(DEMO)/s3/taxi/predictions.parquet; compiled: $(DEMO)/airflow $(DEMO)/argo $(DEMO)/step-functions"

test: $(READY)
	$(PYTEST)

check: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pyright
	$(MAKE) --no-print-directory docs

docs: $(READY)
	$(BIN)/python -m tests.site.build build/site

golden: $(READY)
	$(BIN)/python -m tests.golden_files
	$(BIN)/python -m tests.diagnostics.page > docs/diagnostics.md
	$(BIN)/python -m tests.diagnostics.cures > compiler/rules.json
	$(BIN)/python -m tests.diagnostics.rendered > tests/diagnostics/rendered.txt
	$(BIN)/flowc graph examples/model_search.py -o docs/graph.svg
	$(BIN)/python -m tests.fleet.example
	git --no-pager diff --stat -- tests/golden docs README.md compiler/rules.json tests/diagnostics/rendered.txt examples/fleet

bench: $(READY)
	$(BIN)/python -m bench

sample: $(READY)
	@set -e; export FLOWC_CONFORMANCE=sample FLOWC_SEED='$(SEED)'; \
	FLOWC_SAMPLE=$$($(BIN)/python -m tests.conformance.sample '$(or $(SAMPLE),$(SEED))'); export FLOWC_SAMPLE; \
	$(PYTEST) -m sampled $(SAMPLED)

conformance: $(READY)
	FLOWC_CONFORMANCE=long $(PYTEST) tests/conformance tests/failure/test_full_disks.py tests/failure/test_shared.py tests/failure/test_faults.py

mutation: $(READY)
	FLOWC_CONFORMANCE=long $(PYTEST) tests/mutation

fuzz: $(READY)
	$(BIN)/python -m tests.diagnostics.fuzz $$(date +%s) $(FUZZ_SECONDS)
	$(BIN)/python -m tests.conformance.fuzz

fuzz-sources: $(READY)
	$(BIN)/python -m tests.diagnostics.fuzz

soak: $(READY)
	$(BIN)/python -m tests.soak $$(date +%s) $(SOAK_SECONDS)

wide: $(READY)
	$(BIN)/python -m tests.conformance.wide argo $(WIDTH)
	$(BIN)/python -m tests.conformance.wide step-functions $(WIDTH)

test-argo: $(READY)
	@if [ -z "$$FLOWC_ARGO_KUBECONFIG" ] || [ -z "$$FLOWC_ARGO_NAMESPACE" ] || [ -z "$$FLOWC_ARGO_IMAGE" ] || [ -z "$$FLOWC_ARGO_STORE" ]; then \
	    echo "SKIPPED, nothing was tested: no real Argo. Set FLOWC_ARGO_KUBECONFIG, FLOWC_ARGO_NAMESPACE, FLOWC_ARGO_IMAGE and FLOWC_ARGO_STORE."; \
	else \
	    $(BIN)/pytest -n 4 -rs tests/conformance tests/argo -m real_argo; \
	fi

release: $(READY)
	rm -rf dist
	$(BIN)/python -m tests.release.build dist
	FLOWC_RELEASE=dist $(BIN)/pytest -rs tests/release

clean:
	rm -rf $(DEMO) dist build
