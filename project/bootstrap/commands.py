"""What `make run|test|check|bench|chaos` do: what each needs is put in place, then it is done."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

from project.bootstrap import browser, sdk
from project.bootstrap.packages import PYTHON, install
from project.bootstrap.shell import ROOT, VENV, BootstrapError
from project.progress import fail, say

# django-stubs imports the settings, which want these; nothing connects to them.
FOR_TYPES = {"HUB_SECRET_KEY": "types", "DATABASE_URL": "postgres://127.0.0.1/types", "REDIS_URL": "redis://127.0.0.1"}


def run() -> int:
    install("run")
    sdk.build()
    return become("-m", "project.stack", "run")


def test() -> int:
    """pytest comes last, so that its summary is the one that is read."""
    install("dev")
    sdk.install_modules()
    chromium = browser.find_browser()
    sdk.build()
    results = [
        call([sdk.npm(), "test"], sdk.environment(), sdk.SDK),
        call([str(PYTHON), "-m", "pytest", *sys.argv[2:]], {"CHROMIUM": chromium}),
    ]
    return worst(results)


def check() -> int:
    install("dev")
    sdk.install_modules()
    tools = str(VENV / "bin")
    results = [
        call([tools + "/ruff", "check", "."]),
        call([tools + "/ruff", "format", "--check", "."]),
        call([tools + "/mypy"], FOR_TYPES),
        call([tools + "/pytest", "-q", "--noconftest", "-o", "addopts=", "tests/test_architecture.py"], FOR_TYPES),
        call([sdk.npm(), "run", "check"], sdk.environment(), sdk.SDK),
    ]
    return worst(results)


def bench() -> int:
    return with_everything("tests.bench")


def chaos() -> int:
    return with_everything("tests.chaos")


def with_everything(module: str) -> int:
    install("dev")
    sdk.build()
    return become("-m", module, *sys.argv[2:])


def become(*words: str) -> int:
    sys.stdout.flush()
    os.execv(str(PYTHON), [str(PYTHON), *words])  # noqa: S606


def call(command: list[str], environment: dict[str, str] | None = None, folder: Path = ROOT) -> int:
    say("  $ {}".format(" ".join([Path(command[0]).name, *command[1:]])))
    return subprocess.call(command, cwd=str(folder), env={**os.environ, **(environment or {})})  # noqa: S603


def worst(results: list[int]) -> int:
    """1 if any failed: all are run, so that one look shows everything there is to mend."""
    return 1 if any(results) else 0


COMMANDS = {"run": run, "test": test, "check": check, "bench": bench, "chaos": chaos}


def main() -> int:
    os.chdir(str(ROOT))
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        print("usage: python3 project/bootstrap {}".format("|".join(COMMANDS)), file=sys.stderr)
        return 2
    try:
        return COMMANDS[sys.argv[1]]()
    except BootstrapError as error:
        fail(str(error), error.way_out)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        line = "the disk is full" if full else f"{error.filename}: {error.strerror}"
        fail(line, "free some space and run it again" if full else "run it as the owner of the checkout")
    except KeyboardInterrupt:
        say("\n  Stopped.")
        return 130
    return 1
