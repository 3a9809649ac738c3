# Everything starts from a fresh clone: dependencies, the SDK and a browser are seen to by project/bootstrap.
# Any Python from 3.8 can start it (a name on the PATH may be a shim that fails, so each is tried); it finds the 3.11 or
# 3.12 that the hub runs on. PYTHON=… chooses one, ARGS=… goes to pytest, the benchmarks or the fault programme.
.PHONY: help run test check bench chaos lock clean
.DEFAULT_GOAL := help

BOOTSTRAP = for python in $(PYTHON) python3 python3.12 python3.11 python3.13 /usr/bin/python3 python; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 8))' >/dev/null 2>&1; then \
	    exec $$python project/bootstrap

NO_PYTHON = ; fi; done; \
	echo "  x no Python that works was found"; \
	echo "    -> install Python 3.12 (apt-get install python3 python3-venv), or say which: PYTHON=/path/to/python make"; \
	exit 1

help:  ## these lines
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run:  ## the whole hub on http://127.0.0.1:8000 (HUB_PORT, HUB_MAILBOX_PORT); Ctrl-C stops it, the data stays in .hub
	@$(BOOTSTRAP) run $(NO_PYTHON)

test:  ## every test, on real PostgreSQL and Redis, with a real browser (ARGS="-k mailbox")
	@$(BOOTSTRAP) test $(ARGS) $(NO_PYTHON)

check:  ## lint, format, types
	@$(BOOTSTRAP) check $(NO_PYTHON)

bench:  ## the figures
	@$(BOOTSTRAP) bench $(ARGS) $(NO_PYTHON)

chaos:  ## the fault programme
	@$(BOOTSTRAP) chaos $(ARGS) $(NO_PYTHON)

LOCK = .venv/bin/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

lock:  ## pin what requirements/*.in ask for, by hash and without the address of an index (after make check)
	$(LOCK) requirements/run.in -o requirements/run.lock
	$(LOCK) -c requirements/run.lock requirements/dev.in -o requirements/dev.lock

clean:  ## remove what was installed and built; the data in .hub stays
	rm -rf .venv build frontend-sdk/node_modules frontend-sdk/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -f .hub/npm.stamp .hub/sdk.stamp
