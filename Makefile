# make env   the environment         make run    the demo, on this machine, no server needed
# make test  everything              make check  the quick part: style, types, layers
# make lock  pin the requirements    make faults  the slow ones, with a table of what held
# make bench  the sweep at a million requests, measured; BENCH="--requests 50000" for a smaller one
PORT ?= 8000
PYTHON ?= python3
BIN := .venv/bin
export PORT

.PHONY: env run test check faults bench lock clean

env: .venv/.installed

# uv is quicker where it is present; venv and pip do the same. The demo needs the first part only.
.venv/.running: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@if command -v uv >/dev/null 2>&1; then \
		test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) .venv; \
		uv pip install --quiet --python $(BIN)/python -r requirements.txt; \
	else \
		test -x $(BIN)/python || $(PYTHON) -m venv .venv; \
		$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip --upgrade; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt; \
	fi
	@touch $@

.venv/.installed: .venv/.running requirements-dev.txt
	@if command -v uv >/dev/null 2>&1; then \
		uv pip install --quiet --python $(BIN)/python -r requirements-dev.txt; \
	else \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt; \
	fi
	@touch $@

run: .venv/.running
	@exec $(BIN)/python -m portal.demo

test: env check
	@$(BIN)/python -m tests.run

check: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml portal requests_app manage.py
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

faults: env
	@$(BIN)/python -m tests.run --faults

bench: env
	@$(BIN)/python -m bench $(BENCH)

lock: env
	$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet uv || uv pip install --quiet --python $(BIN)/python uv
	$(BIN)/python -m uv pip compile --quiet --python-version 3.11 --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" requirements.in -o requirements.txt
	$(BIN)/python -m uv pip compile --quiet --python-version 3.11 --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" requirements-dev.in -o requirements-dev.txt

clean:
	rm -rf .venv var .pytest_cache .mypy_cache .ruff_cache
