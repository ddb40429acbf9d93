# make demo   audit the capture that comes with the project, and write demo.html
# make test   linters, types, the direction of imports, and all tests
# make lint   the same without the tests
# make docs   write anew what is made of the rules: rules/README.md, rules/COVERAGE.md, the frames of `gmaudit rule`
# make captures  write captures/synthetic again
# make fuzz   try the parsers and the whole tool with inputs made to break them (FUZZ_SECONDS=600)
# make clean  remove what these made
#
# PYTHON=python3.14 does the same with another interpreter, in a virtual environment of its own (.venv-python3.14).

PYTHON ?= python3
VENV := .venv$(addprefix -,$(notdir $(filter-out python3,$(PYTHON))))
BIN := $(VENV)/bin
DEMO := captures/udp4_sha1_aes
FUZZ_SECONDS ?= 600

# Tests that need tshark, Chromium with its driver, or network namespaces (Linux, root, iproute2), are deselected by name
# where that is missing; GMAUDIT_ALL_TESTS=1 makes it an error.
TSHARK := $(shell command -v tshark)
CHROMIUM := $(shell command -v chromium >/dev/null && command -v chromedriver)
NETNS := $(shell ip netns add gm-make 2>/dev/null && ip netns del gm-make && echo possible)
MISSING := $(strip $(if $(TSHARK),,tshark) $(if $(CHROMIUM),,chromium) $(if $(NETNS),,netns))

.PHONY: demo test lint docs captures fuzz clean

demo: $(VENV)/installed
	@chmod 600 $(DEMO)/keys.toml
	$(BIN)/gmaudit check --fail-on never --keys $(DEMO)/keys.toml $(DEMO)/udp4_sha1_aes.pcap \
		--format text --format html --output demo.html
	@echo "the same for a browser: $(CURDIR)/demo.html"

test: lint
ifeq ($(MISSING),)
	$(BIN)/pytest
else ifeq ($(GMAUDIT_ALL_TESTS),1)
	@echo "all tests are asked for (GMAUDIT_ALL_TESTS=1), and these cannot run here: $(MISSING)" >&2; exit 1
else
	$(BIN)/pytest -m "$$(echo 'not $(MISSING)' | sed 's/ / and not /2g')"
	@echo "deselected, since they cannot run here: tests that need $(MISSING)"
endif

lint: $(VENV)/installed-for-tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/installed-for-tests
	$(BIN)/python -m tools.catalogue

captures: $(VENV)/installed-for-tests
	$(BIN)/python -m tests.synthetic

fuzz: $(VENV)/installed-for-fuzzing
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) --all --crashes fuzz-crashes

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/installed-for-tests: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@ $(VENV)/installed

$(VENV)/installed-for-fuzzing: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[test,fuzz]'
	@touch $@ $(VENV)/installed-for-tests $(VENV)/installed

clean:
	rm -rf fuzz-crashes demo.html .venv .venv-* build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
